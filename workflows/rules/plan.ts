/**
 * The sweep's difference: what exists × what is lent → leave, surplus (to be removed), or only told. Pure.
 *
 * A thing here bears this instance's mark, and its mark verified. Its lease is found by the key in the mark:
 *
 * | lease of its key | thing | verdict |
 * |---|---|---|
 * | open | of its present placement, or it did not say which | leave |
 * | open when the sweep began | any | leave |
 * | open, under a newer number | younger than the set age | young |
 * | open, under a newer number | older | surplus: an older placement |
 * | closed less than the set age ago | any | leave: it may have taken itself back while we looked |
 * | closed longer ago | younger than the set age | young |
 * | closed longer ago | older | surplus |
 * | never heard of | younger than the set age | young |
 * | never heard of | older | surplus, and the brake: this namespace did not lend it, or its lease was deleted |
 * | never heard of | older than closed leases are remembered | surplus |
 *
 * | network of an account | verdict |
 * |---|---|
 * | its member has an open lease, or a container on this host | leave |
 * | none of these | by age: young, or surplus (the engine keeps a network that is in use) |
 *
 * | volume, or other object, of a placement | verdict |
 * |---|---|
 * | a container of the same placement is on this host | leave: it may use it, and goes first |
 * | none | as any thing of its key |
 *
 * | open lease, ready or paused longer than the set age | verdict |
 * |---|---|
 * | its host answered and shows no container of it; its zone answered and shows no name of it | missing (told; the watch mends) |
 * | it says that taking back does not get on | stuck (told) |
 * | a site counts a place for a key that is not open | healing (told; the site strikes it out on proof) |
 *
 * A host, zone or site that did not answer is not here, so nothing of it is planned. Without the list of open leases
 * nothing is planned at all. A name has no age: it counts from the sweep that first saw it unclaimed.
 */
import { fqdn } from './naming.ts'
import type { Owned, OwnedName } from '../ports.ts'
import type { Claim, Finding, Known, Plan, Removal, Seen, Wanted } from '../sweep/terms.ts'
import { brakeLimit } from './brake.ts'
import { sayDuration } from './duration.ts'

/** Undefined: leave it. */
type Judgement = { readonly verdict: 'surplus' | 'young'; readonly why: string; readonly unknown?: true } | undefined

interface Leases {
  readonly open: ReadonlyMap<string, Claim>
  readonly known: ReadonlyMap<string, Known>
  /** Keys that were open when the sweep began. */
  readonly before: ReadonlySet<string>
}

const leasesOf = ({ claims = [], known, before }: Seen): Leases => ({
  open: new Map(claims.map((claim) => [claim.key, claim])), known: new Map(known.map((one) => [one.key, one])), before: new Set(before),
})

export function plan(seen: Seen): Plan {
  const things = [...placed(seen), ...names(seen), ...networks(seen)]
  const limit = brakeLimit(things.length)
  if (seen.claims === undefined) return { findings: [], removals: [], ours: things.length, limit, firstSeen: seen.memory.firstSeen }
  const leases = leasesOf(seen), removals: Removal[] = [], findings: Finding[] = [], firstSeen: Record<string, number> = {}
  let strangers = 0
  for (const thing of things) {
    const judged = thing.judge(leases)
    if (thing.is === 'name' && !leases.open.has(thing.name.key)) firstSeen[idOf(thing.name)] = firstSeenAt(seen, thing.name)
    if (!judged) continue
    const finding: Finding = { verdict: judged.verdict, what: thing.what, object: thing.object, key: thing.key, why: judged.why }
    findings.push(finding)
    if (judged.verdict !== 'surplus') continue
    if (judged.unknown) strangers++
    removals.push(thing.is === 'name' ? { is: 'name', name: thing.name, finding } : { is: 'owned', host: thing.host, owned: thing.owned, finding })
  }
  findings.push(...missing(seen), ...healing(seen, leases))
  const asks = removals.length > 0 ? whyAsk(seen, { removals: removals.length, strangers, limit, ours: things.length }) : undefined
  return { findings, removals, ours: things.length, limit, firstSeen, ...(asks !== undefined && { asks }) }
}

function whyAsk({ hosts, memory, now }: Seen, of: { removals: number; strangers: number; limit: number; ours: number }): string | undefined {
  const oldest = Math.min(...hosts.flatMap(({ owned }) => owned.map(({ createdAt }) => createdAt)))
  if (memory.since === undefined) return 'nobody wrote down since when this namespace is Berth\'s'
  if (memory.since > oldest) {
    return `this namespace is ${sayDuration(age(now, memory.since))} old and the oldest thing with our mark ${sayDuration(age(now, oldest))}: is it the right one, or restored?`
  }
  if (of.strangers > 0) return `${of.strangers} of them belong to leases that this namespace never heard of: is it the right one, or restored?`
  if (of.removals > of.limit) return `that is more than ${of.limit} of the ${of.ours} things with our mark`
  return undefined
}

const age = (now: number, at: number): number => Math.max(0, now - at)

// What exists -----------------------------------------------------------------------------------------------------------

type Thing = { readonly what: Finding['what']; readonly object: string; readonly key: string; judge(leases: Leases): Judgement } & (
  | { readonly is: 'owned'; readonly host: string; readonly owned: Owned }
  | { readonly is: 'name'; readonly name: OwnedName })

const placed = (seen: Seen): Thing[] => seen.hosts.flatMap(({ host, owned }) => owned.filter(({ what }) => what !== 'network')
  .map((one): Thing => ({
    is: 'owned', what: one.what, object: `${host}/${one.object}`, key: one.key, host, owned: one,
    judge: (leases) => one.what !== 'container' && owned.some((other) => other.what === 'container' && other.key === one.key && other.number === one.number)
      ? undefined : judge(seen, leases, { ...one, at: one.createdAt }),
  })))

function names(seen: Seen): Thing[] {
  // Sites may share a zone.
  const each = new Map(seen.zones.flatMap(({ names }) => names.map((name) => [idOf(name), name] as const)))
  return [...each.values()].map((name): Thing => ({
    is: 'name', what: 'name', object: fqdn(name.label, name.zone), key: name.key, name,
    judge: (leases) => judge(seen, leases, { ...name, at: nameAge(seen, leases, name) }),
  }))
}

/** A lease that closed long ago has had its name for longer; otherwise it counts from when it was first seen unclaimed. */
function nameAge(seen: Seen, leases: Leases, name: OwnedName): number {
  const closedAt = leases.open.has(name.key) ? undefined : leases.known.get(name.key)?.closedAt
  return Math.min(firstSeenAt(seen, name), closedAt ?? Infinity)
}

const idOf = ({ label, zone, number }: OwnedName): string => `${fqdn(label, zone)}#${number}`
const firstSeenAt = ({ memory, now }: Seen, name: OwnedName): number => memory.firstSeen[idOf(name)] ?? now

function judge({ now, youngMs, memory }: Seen, { open, known, before }: Leases, thing: { key: string; number: number; at: number }): Judgement {
  const claim = open.get(thing.key), old = now - thing.at >= youngMs
  const byAge = (why: string): Judgement => old ? { verdict: 'surplus', why } : { verdict: 'young', why: `${why}; younger than ${sayDuration(youngMs)}` }
  if (claim) {
    if (claim.said === undefined || thing.number >= claim.said.number) return undefined
    return byAge(`placement ${thing.number} of a lease that is at ${claim.said.number}`)
  }
  const lease = known.get(thing.key)
  if (lease?.open || before.has(thing.key)) return undefined
  if (lease?.closedAt !== undefined) {
    if (now - lease.closedAt < youngMs) return undefined
    return byAge(`its lease closed ${sayDuration(now - lease.closedAt)} ago`)
  }
  const forgotten = now - thing.at > memory.keptMs
  const judged = byAge(forgotten ? 'no lease claims it, and it is older than closed leases are remembered' : 'this namespace never heard of its lease')
  return judged?.verdict === 'surplus' && !forgotten ? { ...judged, unknown: true } : judged
}

function networks(seen: Seen): Thing[] {
  return seen.hosts.flatMap(({ host, owned }) => {
    const living = new Set(owned.filter(({ what }) => what === 'container').map(({ member }) => member))
    return owned.filter(({ what }) => what === 'network').map((one): Thing => ({
      is: 'owned', what: 'network', object: `${host}/${one.object}`, key: one.key, host, owned: one,
      judge: ({ open }) => {
        if (living.has(one.member) || [...open.values()].some(({ member }) => member === one.member)) return undefined
        const why = 'no lease of its member is open, and no container uses it'
        return seen.now - one.createdAt >= seen.youngMs
          ? { verdict: 'surplus', why } : { verdict: 'young', why: `${why}; younger than ${sayDuration(seen.youngMs)}` }
      },
    }))
  })
}

// What is lent ----------------------------------------------------------------------------------------------------------

const settled = ({ phase }: { phase: string }): boolean => phase === 'ready' || phase === 'paused'
const containerThere = (seen: Seen, host: string, key: string): boolean =>
  seen.hosts.some((one) => one.host === host && one.owned.some((it) => it.what === 'container' && it.key === key))
const answered = (seen: Seen, host: string): boolean => seen.hosts.some((one) => one.host === host)

/** Open leases that do not look as visibility says: they are asked before anything is made of it. */
export function suspects(seen: Seen): string[] {
  const placed = new Map<string, Set<string>>()
  const note = (key: string, where: string) => placed.set(key, (placed.get(key) ?? new Set()).add(where))
  for (const { host, owned } of seen.hosts) for (const { what, key, number } of owned) if (what === 'container') note(key, `${host}#${number}`)
  const named = new Map<string, Set<number>>()
  for (const { names } of seen.zones) for (const { key, number } of names) named.set(key, (named.get(key) ?? new Set()).add(number))
  const zoned = new Set(seen.zones.map(({ site }) => site))
  return (seen.claims ?? []).filter((claim) => {
    const { key, host, due } = claim, at = [...placed.get(key) ?? []]
    const numbers = new Set([...at.map((it) => it.split('#')[1]), ...[...named.get(key) ?? []].map(String)])
    if (numbers.size > 1 || at.length > 1) return true
    if (due !== undefined && seen.now - due > stuckMs) return true
    if (!settled(claim) || host === undefined) return false
    if (at.some((it) => !it.startsWith(`${host}#`)) || (answered(seen, host) && at.length === 0)) return true
    return zoned.has(claim.site) && !named.has(key)
  }).map(({ leaseId }) => leaseId)
}

/** An open lease so long past its due time is asked why. */
const stuckMs = 60_000

/** Keys of things that no open lease claims, with what is known of them. */
export function unclaimed(seen: Seen): Wanted[] {
  const { open } = leasesOf(seen), wanted = new Map<string, Wanted>()
  for (const { owned } of seen.hosts) {
    for (const { what, key, member } of owned) if (what !== 'network' && !open.has(key)) wanted.set(key, { ...wanted.get(key), key, member })
  }
  for (const { names } of seen.zones) {
    for (const { key, label } of names) if (!open.has(key)) wanted.set(key, { ...wanted.get(key), key, name: label.replace(/-[a-z0-9]{1,6}$/, '') })
  }
  return [...wanted.values()]
}

function missing(seen: Seen): Finding[] {
  return (seen.claims ?? []).flatMap((claim): Finding[] => {
    const { said, leaseId, key } = claim
    if (!said) return []
    if (said.stuck !== undefined) return [{ verdict: 'stuck', what: 'lease', object: leaseId, key, why: said.stuck }]
    if (!settled(said) || said.host === undefined || said.readyAt === undefined || seen.now - said.readyAt < seen.youngMs) return []
    const found: Finding[] = []
    if (answered(seen, said.host) && !containerThere(seen, said.host, key)) {
      found.push({ verdict: 'missing', what: 'container', object: leaseId, key, why: `it is ${said.phase} on ${said.host}, which shows no container of it` })
    }
    const zone = seen.zones.find(({ site }) => site === claim.site)
    if (zone && !zone.names.some((name) => name.key === key)) {
      found.push({ verdict: 'missing', what: 'name', object: fqdn(claim.label, zone.zone), key, why: `it is ${said.phase}, and its zone shows no name of it` })
    }
    return found
  })
}

/** Places are the site's own: it strikes them out on proof, so the sweep only tells. */
function healing({ places, hosts }: Seen, { open, known, before }: Leases): Finding[] {
  return places.flatMap(({ site, hosts: counted }) => counted.flatMap(({ host, keys }) => keys
    .filter((key) => !open.has(key) && !before.has(key) && known.get(key)?.open !== true)
    .map((key): Finding => ({
      verdict: 'healing', what: 'place', object: `site:${site}/${host}`, key,
      why: hosts.some((one) => one.host === host && one.owned.some((it) => it.what === 'container' && it.key === key))
        ? 'counted for a lease that is not open, whose container is still there' : 'counted for a lease that is not open; the site strikes it out',
    }))))
}
