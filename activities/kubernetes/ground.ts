/**
 * An account's Namespace: made before its first lease, gone after its last. While somebody makes a lease in it an
 * annotation says who, so that whoever takes the last one back leaves it: applying that changes the Namespace's version,
 * and it is deleted only in the version in which it was found empty. One that is on its way out is waited for.
 */
import type { KubernetesObject, V1Namespace } from '@kubernetes/client-node'
import type { Berthing, RunTerms, Signs, StartOrder } from '../../workflows/ports.ts'
import { placementOf } from '../../workflows/rules/placement.ts'
import { pause } from '../deadline.ts'
import { type AccountTerms, accountObjects, namespaceObject, usedBy } from './account.ts'
import type { Client } from './client.ts'
import { isTerminating } from './failures.ts'
import { type Owner, instanceSelector, kindOf, markOf, namespaceOf, reference } from './labels.ts'
import { isLeaving } from './find.ts'

export interface Ground {
  /** Makes sure of the account's Namespace and of what it holds, for this order. Waits out one on its way out. */
  prepare(order: StartOrder, signs: Signs): Promise<void>
  /** Removes it when no lease of the account is left. `it`: who has just been taken back. */
  release(it: Berthing): Promise<void>
  /** What was known of it is in doubt; without a member, of all. */
  forget(member?: string): void
}

export interface GroundOptions extends Owner {
  readonly client: Client
  /** Before the first lease of an account: what its Namespace is to hold. */
  readonly terms: (order: Pick<StartOrder, 'member' | 'terms'>) => Promise<AccountTerms>
  /** Ends everybody's reach into it: rights go before anything else does. */
  readonly seal: (member: string) => Promise<void>
}

/** Somebody who said so long ago that a lease is being made here is not at it any more. */
const usedMs = 120_000
/** A Namespace takes at least 5 s to go. */
const leaveMs = 90_000

export function createGround({ client, terms: termsOf, seal, ...owner }: GroundOptions): Ground {
  const known = new Map<string, { readonly as: string; readonly made: Promise<void> }>()

  async function prepare(order: StartOrder, signs: Signs): Promise<void> {
    const { member } = order, by = `${placementOf(order)}@${Date.now()}`
    const object = namespaceObject(owner, { member, security: order.terms?.security ?? 'restricted', by })
    for (const ends = performance.now() + leaveMs; ; await waitForLeaving(member, { ends, signs })) {
      const namespace = await client.apply<V1Namespace>(object, signs)
      if (!isLeaving(namespace)) break
      known.delete(member)
    }
    try {
      await hold(order, signs)
    } catch (error) {
      known.delete(member)
      if (!isTerminating(error)) throw error
      // It went between the two: the next round waits for it.
      await waitForLeaving(member, { ends: performance.now() + leaveMs, signs })
      await prepare(order, signs)
    }
  }

  /** What it holds is applied once for each set of terms, also when several leases begin at once. */
  function hold({ member, terms }: StartOrder, signs: Signs): Promise<void> {
    const as = JSON.stringify(terms ? stable(terms) : {}), now = known.get(member)
    if (now?.as === as) return now.made
    const made = termsOf({ member, ...(terms && { terms }) }).then(async (account) => {
      await Promise.all(accountObjects(owner, account).map((object) => client.apply<KubernetesObject>(object, { signal: signs.signal })))
    })
    known.set(member, { as, made })
    made.catch(() => known.delete(member))
    return made
  }

  async function waitForLeaving(member: string, { ends, signs }: { ends: number; signs: Signs }): Promise<void> {
    signs.heartbeat('waits until the account\'s former namespace is gone')
    const of = reference('Namespace', namespaceOf(owner, member))
    for (;;) {
      const found = await client.read<V1Namespace>(of, signs)
      if (!found || !isLeaving(found)) return
      if (performance.now() > ends) throw new Error('The account\'s former namespace does not go: an admin has to look what holds it.')
      await pause(250, signs.signal)
    }
  }

  async function release(it: Berthing): Promise<void> {
    const name = namespaceOf(owner, it.member), of = reference('Namespace', name)
    const namespace = await client.read<V1Namespace>(of)
    if (!namespace || isLeaving(namespace) || markOf(owner, namespace, 'Namespace')?.kind !== 'account') return
    if (isUsedByOther(namespace, it)) return
    const left = await client.list(kindOf('Deployment'), { namespace: name, labels: instanceSelector(owner) })
    if (left.length > 0) return
    known.delete(it.member)
    await seal(it.member)
    const { uid, resourceVersion } = await client.read<V1Namespace>(of).then((now) => now?.metadata) ?? {}
    // The version was read after the listing as well: sealing changes objects inside it, never the Namespace itself.
    if (uid !== namespace.metadata?.uid || resourceVersion !== namespace.metadata?.resourceVersion) return
    await client.remove(of, { uid, resourceVersion })
  }

  return {
    prepare, release,
    forget(member) {
      if (member === undefined) known.clear()
      else known.delete(member)
    },
  }
}

function isUsedByOther({ metadata }: V1Namespace, it: Berthing): boolean {
  const [by, at] = (metadata?.annotations?.[usedBy] ?? '').split('@')
  return by !== undefined && by !== '' && by !== placementOf(it) && Date.now() - Number(at) < usedMs
}

const stable = ({ quota, security }: RunTerms) => ({ quota, security })

