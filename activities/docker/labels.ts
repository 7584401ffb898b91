/** Marks as Docker labels, and the names of objects. */
import { escapeUid } from '../../workflows/contract.ts'
import type { Berthing, StartOrder } from '../../workflows/ports.ts'
import type { Marks } from '../mark.ts'
import { type Labels, markLabels, portsLabel, reserved } from '../labels.ts'

export const containerName = (marks: Marks, { key, number }: Pick<Berthing, 'key' | 'number'>): string =>
  `berth-${marks.instance}-${key}-${number}`
export const networkName = (marks: Marks, member: string): string => `berth-${marks.instance}-${marks.accountKey(member)}`

export function containerLabels(marks: Marks, host: string, order: StartOrder): Labels {
  const { key, number, member, spec, hostPorts, cpuShare } = order
  return {
    ...markLabels(marks, { kind: 'lease', key, number }, { name: containerName(marks, order), host }),
    [reserved.member]: escapeUid(member),
    [reserved.account]: marks.accountKey(member),
    [reserved.ports]: portsLabel(spec.ports, hostPorts),
    [reserved.cpuShare]: String(cpuShare ?? ''),
  }
}

export function networkLabels(marks: Marks, host: string, member: string): Labels {
  const account = marks.accountKey(member)
  return {
    ...markLabels(marks, { kind: 'account', key: account, number: 0 }, { name: networkName(marks, member), host }),
    [reserved.member]: escapeUid(member),
    [reserved.account]: account,
    [reserved.ports]: '',
    [reserved.cpuShare]: '',
  }
}
