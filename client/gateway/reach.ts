/** Kubeconfigs: asked for with a key that lives as long as the request, and ended for all that a member has lent. */
import { reachUpdate, unreachUpdate, type Unreached } from '../../workflows/contract.ts'
import type { Caller, Held } from '../../workflows/terms.ts'
import type { FoundLease, Kubeconfig } from '../commands/door.ts'
import { kubeconfig } from '../kubeconfig.ts'
import { stop } from '../refused.ts'
import { asRefusal } from './failures.ts'
import type { Seals } from './seals.ts'
import { update, type Updating } from './update.ts'

interface Asking {
  readonly by: Caller
  readonly seals: Pick<Seals, 'readAccess'>
  /** The refusal when it is there no more. */
  readonly over: () => Error
}

/** The key is the request's id too: a request that is delivered again cannot read what the first one was given. */
export async function reach(updating: Updating, lease: FoundLease, { by, seals, over }: Asking): Promise<Kubeconfig> {
  const reader = seals.readAccess(), { key } = lease
  const { sealed, until, site } = await update({ ...updating, requestId: reader.key }, lease, { def: reachUpdate, arg: { key, by, to: reader.key }, over })
  const access = reader.open(sealed, key)
  if (!access) throw new Error('A kubeconfig did not open with the key that it was asked for with.')
  return { site, namespace: access.namespace, until, kubeconfig: kubeconfig(access, site) }
}

/** A lease without a place, or that is no cluster's, has nothing to end. */
const nothingToEnd: readonly string[] = ['noReach', 'tooEarly', 'over', 'notFound']

export async function unreachAll(updating: Updating, leases: readonly Held[], by: Caller): Promise<(Unreached & { readonly name: string })[]> {
  const ended = await Promise.all(leases.map(async ({ key, leaseId, name, since }) => {
    const lease = { key, leaseId, name, since, member: by.uid }, over = () => stop('over', `${name} is over.`)
    try {
      return { name, ...await update(updating, lease, { def: unreachUpdate, arg: { key, by }, over }) }
    } catch (error) {
      if (nothingToEnd.includes(asRefusal(error)?.kind ?? '')) return undefined
      throw error
    }
  }))
  return ended.filter((one) => one !== undefined)
}
