/**
 * An account's Namespace: made before its first lease, gone after its last. While somebody makes a lease in it an
 * annotation says who, so that whoever takes the last one back leaves it: applying that changes the Namespace's version,
 * and it is deleted only in the version in which it was found empty. One that is on its way out is waited for.
 */
import type { KubernetesObject, RbacV1Subject, V1Namespace } from '@kubernetes/client-node'
import type { Berthing, Signs, StartOrder } from '../../workflows/ports.ts'
import { placementOf } from '../../workflows/rules/placement.ts'
import { pause } from '../deadline.ts'
import { type AccountTerms, accountObjects, insideBinding, namespaceObject, usedBy } from './account.ts'
import type { Client, Grant } from './client.ts'
import { codeOf, isTerminating, meant, shorten } from './failures.ts'
import { type Owner, instanceSelector, kindOf, markOf, namespaceOf, reference } from './labels.ts'
import { isLeaving } from './object.ts'

export interface Ground {
  /** Makes sure of the account's Namespace and of what it holds, for this order. Waits out one on its way out. */
  prepare(order: StartOrder, signs: Signs): Promise<void>
  /** Whether it stood a while ago, with all that it holds and Berth's rights in it. */
  knows(order: StartOrder): boolean
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
  /** To whom the rights inside of each Namespace are bound; undefined when Berth has them everywhere. */
  readonly self: () => Promise<RbacV1Subject | undefined>
  /** How long one on its way out may take; default 90 s, and the cluster itself takes at least 5 s. */
  readonly leaveMs?: number | undefined
}

interface Known {
  readonly uid: string
  /** The terms it was made for. */
  readonly as: string
  readonly at: number
  readonly made: Promise<void>
}

/** Somebody who said so long ago that a lease is being made here is not at it any more. */
const usedMs = 120_000
const mostTries = 5
/** What somebody took away inside of one comes back with the next lease after that. */
const trustMs = 600_000

export function createGround({ client, terms: termsOf, seal, self, leaveMs = 90_000, ...owner }: GroundOptions): Ground {
  const known = new Map<string, Known>()
  const granting = new Map<string, ReturnType<Grant>>()

  async function prepare(order: StartOrder, signs: Signs): Promise<void> {
    for (const ends = performance.now() + leaveMs; ; await waitForLeaving(order.member, { ends, signs })) {
      const namespace = await claim(order, signs)
      if (isLeaving(namespace)) continue
      try {
        return await hold(order, namespace)
      } catch (error) {
        // It went between the two: the next round waits for it.
        if (!isTerminating(error) || performance.now() > ends) throw error
      }
    }
  }

  /** Its Namespace, as it is now. Apply by force would take over what somebody else made under its name. */
  async function claim(order: StartOrder, signs: Signs): Promise<V1Namespace> {
    const { member } = order, by = `${placementOf(order)}@${Date.now()}`, now = knownFor(order)
    // The uid makes it this very one, which was ours: in one call.
    const marked = now && await client.patch<V1Namespace>({
      ...reference('Namespace', namespaceOf(owner, member)), metadata: { name: namespaceOf(owner, member), uid: now.uid, annotations: { [usedBy]: by } },
    }, signs).catch((error: unknown) => {
      if (codeOf(error) !== 409) throw error
      return undefined
    })
    if (marked) return marked
    const there = await client.read<V1Namespace>(reference('Namespace', namespaceOf(owner, member)), signs)
    if (there && isLeaving(there)) return there
    if (there && markOf(owner, there, 'Namespace')?.kind !== 'account') {
      throw new Error(`The namespace ${namespaceOf(owner, member)} is not Berth's on this host: an admin has to remove it, or to give this host a name of its own.`)
    }
    return await take(namespaceObject(owner, { member, security: order.terms?.security ?? 'restricted', by }))
  }

  function knownFor(order: StartOrder): Known | undefined {
    const now = known.get(order.member)
    return now?.as === termsText(order) && performance.now() - now.at < trustMs ? now : undefined
  }

  /** What it holds is applied once for each set of terms, also when several leases begin at once. */
  function hold(order: StartOrder, { metadata }: V1Namespace): Promise<void> {
    const { member, terms } = order, uid = metadata?.uid ?? '', now = knownFor(order)
    if (now?.uid === uid) return now.made
    const made = termsOf({ member, ...(terms && { terms }) }).then(async (account) => {
      await bind(member)
      await Promise.all(accountObjects(owner, account).map(take))
    })
    known.set(member, { uid, as: termsText(order), at: performance.now(), made })
    made.catch(() => { if (known.get(member)?.made === made) known.delete(member) })
    return made
  }

  /** Nobody's cancellation cuts off what others wait for as well. */
  const take = <T extends KubernetesObject>(object: T): Promise<T> => client.apply(object).catch((error: unknown) => { throw meant(error, []) })

  /** Gives Berth its rights inside. */
  async function bind(member: string): Promise<void> {
    const to = await self()
    if (to) await client.apply(insideBinding(owner, member, to), { asIs: true })
  }

  /** Somebody took the rights away, or with the Namespace they went. */
  async function regrant(namespace: string): ReturnType<Grant> {
    if (!await self()) return 'no'
    const found = await client.read<V1Namespace>(reference('Namespace', namespace), { asIs: true })
    if (!found || isLeaving(found)) return 'gone'
    const mark = markOf(owner, found, 'Namespace')
    // Somebody else's, in which nothing can be ours; or one whose mark was spoilt, in which something is.
    if (mark?.kind !== 'account') return (await client.list(kindOf('Deployment'), { namespace, labels: instanceSelector(owner) })).length > 0 ? 'no' : 'gone'
    try {
      await bind(mark.member)
      return 'granted'
    } catch (error) {
      if (isTerminating(error)) return 'gone'
      throw error
    }
  }
  client.onDenied((namespace) => {
    const mine = granting.get(namespace) ?? regrant(namespace).finally(() => granting.delete(namespace))
    granting.set(namespace, mine)
    return mine
  })

  async function waitForLeaving(member: string, { ends, signs }: { ends: number; signs: Signs }): Promise<void> {
    signs.heartbeat('waits until the account\'s former namespace is gone')
    const of = reference('Namespace', namespaceOf(owner, member))
    for (;;) {
      const found = await client.read<V1Namespace>(of, signs)
      if (!found || !isLeaving(found)) return
      if (performance.now() > ends) throw new Error(`The account's former namespace ${of.metadata.name} does not go, and an admin has to look what holds it${whyStays(found)}`)
      await pause(250, signs.signal)
    }
  }

  /** By leases, or by somebody else whose things would go with it. Secrets do not count: some clusters put one into each. */
  async function isInUse(namespace: string): Promise<boolean> {
    const [deployments, pods, ...others] = await Promise.all(['Deployment', 'Pod', 'Service', 'Ingress'].map(async (kind) => {
      const found = await client.list<KubernetesObject>(kindOf(kind), { namespace })
      return found.map((one) => ({ ...one, kind }))
    }))
    return deployments!.length + pods!.length > 0 || others.flat().some((one) => !markOf(owner, one))
  }

  /** Tries again when somebody changed it meanwhile; whoever that was may have left it to us. */
  async function release(it: Berthing): Promise<void> {
    for (let tries = 0; tries < mostTries; tries++) if (await isReleased(it)) return
  }

  async function isReleased(it: Berthing): Promise<boolean> {
    const name = namespaceOf(owner, it.member), of = reference('Namespace', name)
    const namespace = await client.read<V1Namespace>(of)
    if (!namespace || isLeaving(namespace) || markOf(owner, namespace, 'Namespace')?.kind !== 'account') return true
    const by = userOf(namespace)
    if (by !== undefined && by !== placementOf(it)) return true
    if (await isInUse(name)) {
      // It does not use it any more: whoever goes last is not to wait for it.
      const metadata = { ...of.metadata, annotations: { [usedBy]: '' } }
      if (by !== undefined) await client.patch({ ...of, metadata })
      return true
    }
    known.delete(it.member)
    await seal(it.member)
    const { uid, resourceVersion } = await client.read<V1Namespace>(of).then((now) => now?.metadata) ?? {}
    // The version was read after the listing as well: sealing changes objects inside it, never the Namespace itself.
    if (uid !== namespace.metadata?.uid || resourceVersion !== namespace.metadata?.resourceVersion) return false
    return await client.remove(of, { uid, resourceVersion })
  }

  return {
    prepare, release, knows: (order) => knownFor(order) !== undefined,
    forget(member) {
      if (member === undefined) known.clear()
      else known.delete(member)
    },
  }
}

function whyStays({ status, spec, metadata }: V1Namespace): string {
  const said = status?.conditions?.filter(({ type, status }) => /Remaining|Failure/.test(type) && status === 'True').map(({ message }) => message)
  const held = [...metadata?.finalizers ?? [], ...spec?.finalizers ?? []].filter((one) => one !== 'kubernetes')
  const why = [...said ?? [], ...(held.length > 0 ? [`it has the finalizer ${held.join(', ')}`] : [])]
  return why.length > 0 ? `: ${shorten(why.join(' '))}` : '.'
}

/** The placement that is being made in it. */
function userOf({ metadata }: V1Namespace): string | undefined {
  const [by, at] = (metadata?.annotations?.[usedBy] ?? '').split('@')
  return by && Date.now() - Number(at) < usedMs ? by : undefined
}

/** What of the terms the Namespace is made for. */
const termsText = ({ terms: { quota, security } = {} }: Pick<StartOrder, 'terms'>): string => JSON.stringify([quota, security])

