import type { Unreached } from '../../workflows/contract.ts'
import type { Held, LeaseStatus } from '../../workflows/terms.ts'
import { stop } from '../refused.ts'
import { defineCommand, flag, maybe, toggle } from './command.ts'
import type { Door, FoundLease, Kubeconfig } from './door.ts'
import { lease, word } from './values.ts'
import { sayMoment } from './words.ts'

export type KubeAnswer = { readonly ended: readonly (Unreached & { readonly name: string })[] } | ({ readonly ended?: undefined; readonly name: string } & Kubeconfig)

/** The file is written by the terminal, which sends no `out` on. */
export const kube = defineCommand({
  name: 'kube',
  summary: 'Writes a kubeconfig for what you have lent on Kubernetes: kubectl get, logs, exec, cp and port-forward, until it ends.',
  who: 'member',
  where: 'terminal',
  because: 'a kubeconfig is a secret, and none is ever told in a chat',
  changes: true,
  arguments: {
    lease: maybe(lease, 'Its name or key; without it, the newest that you have on a cluster.'),
    revoke: toggle('Ends every kubeconfig for its cluster, or without LEASE for all clusters; what runs there is started afresh, without its files.'),
    out: flag(word('FILE', 'kube.yaml'), 'In a terminal: where it is written; - prints it. Without it, kube-SITE.yaml in berth below XDG_CONFIG_HOME.'),
  },
  examples: ['kube', 'kube web --out kube.yaml', 'kube --revoke'],
  answer: '`name` of the lease, `site`, `namespace`, `until` and the `kubeconfig`, a secret; with `revoke`, what has `ended`.',
  run: async (args, door): Promise<KubeAnswer> => {
    const named = args.lease === undefined ? undefined : await door.find(args.lease)
    if (args.revoke) return { ended: await door.unreach(named) }
    const found = named ?? await newest(door)
    return { name: found.name, ...await door.reach(found) }
  },
  // The secret itself is never said: whoever asked for it has it in the answer.
  say: (answer) => answer.ended ? sayEnded(answer.ended) : `${answer.name}, and all that you have on its cluster, is open to kubectl until ${sayMoment(answer.until)}.`,
})

function sayEnded(ended: NonNullable<KubeAnswer['ended']>): string {
  const grants = ended.reduce((sum, one) => sum + one.grants, 0), restarted = ended.reduce((sum, one) => sum + one.restarted, 0)
  if (grants + restarted === 0) return 'There was no kubeconfig to end.'
  const many = grants === 1 ? 'One kubeconfig has ended' : `${grants} kubeconfigs have ended`
  return restarted === 0 ? `${many}.` : `${many}; ${restarted === 1 ? 'a container was' : `${restarted} containers were`} started afresh, for nothing else closes what was open.`
}

/** One whose state cannot be asked just now may be on a cluster: then nobody says that none is. */
async function newest(door: Door): Promise<FoundLease> {
  const { leases, member } = await door.desk(), trouble: unknown[] = []
  const asked = await Promise.all(leases.map(async (held): Promise<{ held: Held; status?: LeaseStatus }> => {
    try {
      return { held, status: await door.status(held.leaseId) }
    } catch (error) {
      trouble.push(error)
      return { held }
    }
  }))
  const [found] = asked.filter(({ status }) => status?.place?.runtime === 'kubernetes').sort((a, b) =>
    Number(b.status?.phase === 'ready') - Number(a.status?.phase === 'ready') || b.held.since - a.held.since)
  if (found) return { ...found.held, member }
  if (trouble.length > 0) throw trouble[0]
  throw stop('noReach', 'None of your leases is on a Kubernetes cluster. Lend on one with: berth lend IMAGE --on kubernetes')
}
