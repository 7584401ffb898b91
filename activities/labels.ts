/** A mark as labels (contract.ts, Marks): what an engine or a cluster keeps with an object, and how it is read back. */
import type { Mark } from '../workflows/contract.ts'
import type { Marks } from './mark.ts'

/** Labels of an object, as engine or cluster shows them. */
export type Labels = Readonly<Record<string, string>>

/**
 * Every label that Berth reads. All are set on all that it creates, empty where they say nothing: one that is not set
 * comes from the image, so a borrower could write it.
 */
export const reserved = {
  instance: 'berth.instance',
  kind: 'berth.kind',
  key: 'berth.key',
  number: 'berth.number',
  proof: 'berth.proof',
  member: 'berth.member',
  account: 'berth.account',
  /** `<container port>:<host port>`, comma between. */
  ports: 'berth.ports',
  /** Below this share of one core its cpu counts as idle; empty for the default. For the watch alone. */
  cpuShare: 'berth.cpushare',
} as const

export function markLabels(marks: Marks, mark: Omit<Mark, 'instance'>, object: { name: string; host: string }): Labels {
  return {
    [reserved.instance]: marks.instance,
    [reserved.kind]: mark.kind,
    [reserved.key]: mark.key,
    [reserved.number]: String(mark.number),
    [reserved.proof]: marks.sign(mark, object),
  }
}

export const portsLabel = (ports: readonly number[], hostPorts: readonly number[]): string =>
  ports.map((port, i) => `${port}:${hostPorts[i]}`).join(',')

/** What an object's labels say, once its mark has verified. */
export interface Marked {
  readonly kind: Mark['kind']
  readonly key: string
  readonly number: number
  readonly member: string
  readonly ports: readonly { readonly port: number; readonly hostPort: number }[]
}

/** Undefined unless the labels prove that this instance made the object of this name on this host. */
export function readMark(marks: Marks, labels: Labels | null | undefined, object: { name: string; host: string }): Marked | undefined {
  const kind = labels?.[reserved.kind], number = Number(labels?.[reserved.number] || NaN), key = labels?.[reserved.key]
  if (!labels || (kind !== 'lease' && kind !== 'account') || !Number.isInteger(number) || !key) return undefined
  const mark: Mark = { instance: labels[reserved.instance] ?? '', kind, key, number }
  if (!marks.verifies(mark, object, labels[reserved.proof] ?? '')) return undefined
  return { kind, key, number, member: memberIn(labels), ports: portsIn(labels) }
}

function memberIn(labels: Labels): string {
  try {
    return decodeURIComponent(labels[reserved.member] ?? '')
  } catch {
    return ''
  }
}

function portsIn(labels: Labels): Marked['ports'] {
  return (labels[reserved.ports] ?? '').split(',').filter(Boolean).map((pair) => {
    const [port = NaN, hostPort = NaN] = pair.split(':').map(Number)
    return { port, hostPort }
  })
}
