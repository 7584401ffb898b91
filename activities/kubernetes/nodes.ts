/** What the nodes offer: capacity, addresses, ranges. Pure, besides one listing. */
import type { V1Node } from '@kubernetes/client-node'
import type { Client } from './client.ts'
import type { Nodes } from './cluster.ts'
import { quantity } from './quantity.ts'
import { kindOf } from './labels.ts'

export async function readNodes(client: Client, gpu: string | undefined): Promise<Nodes> {
  return countNodes(await client.list<V1Node>(kindOf('Node'), {}), gpu)
}

/** A node that is not ready, or closed to pods, offers nothing and is nobody's address. */
export function countNodes(nodes: readonly V1Node[], gpu: string | undefined): Nodes {
  const open = nodes.filter((node) => isReady(node) && node.spec?.unschedulable !== true && !isTainted(node))
  const each = open.map(({ status }) => {
    const of = (resource: string) => quantity(status?.allocatable?.[resource] ?? '0') || 0
    return { cpu: of('cpu'), memory: of('memory'), gpu: gpu === undefined ? 0 : of(gpu) }
  })
  const sum = (pick: (one: (typeof each)[number]) => number) => each.reduce((all, one) => all + pick(one), 0)
  const most = (pick: (one: (typeof each)[number]) => number) => each.reduce((all, one) => Math.max(all, pick(one)), 0)
  return {
    cpu: sum(({ cpu }) => cpu), memory: sum(({ memory }) => memory), gpu: sum(({ gpu }) => gpu),
    largest: { cpu: most(({ cpu }) => cpu), memory: most(({ memory }) => memory), gpu: most(({ gpu }) => gpu) },
    addresses: nodes.filter(isReady).flatMap((node) => addressOf(node) ?? []).sort(),
    pods: [...new Set(nodes.flatMap(({ spec }) => spec?.podCIDRs ?? spec?.podCIDR ?? []))].sort(),
  }
}

const isReady = ({ status }: V1Node): boolean => status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true
/** Leases tolerate nothing that keeps others away. */
const isTainted = ({ spec }: V1Node): boolean => spec?.taints?.some(({ effect }) => effect === 'NoSchedule' || effect === 'NoExecute') === true

function addressOf({ status }: V1Node): string | undefined {
  const of = (kind: string) => status?.addresses?.find(({ type }) => type === kind)?.address
  return of('ExternalIP') ?? of('InternalIP')
}
