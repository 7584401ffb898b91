/** What exists and what is lent, read side by side. What does not answer is left out and told, and so left alone. */
import { ActivityFailure, proxyActivities } from '@temporalio/workflow'
import { rootMessage } from '../refuse.ts'
import { suspects, unclaimed } from '../rules/plan.ts'
import type { CoreSteps } from '../steps.ts'
import type { SiteTerms } from '../terms.ts'
import { askHosts, askLate } from './hosts.ts'
import type { Claim, Counted, Seen } from './terms.ts'

/** Tries for a while; the next sweep is never far. */
const look = { startToCloseTimeout: '2m', heartbeatTimeout: '30s', retry: { initialInterval: '1s', maximumAttempts: 3 } } as const
const core = (summary: string) => proxyActivities<CoreSteps>({ ...look, summary })
/** Leases that are asked, and leftovers that are looked up, in one sweep: the rest waits for the next. */
const mostAsked = 200, mostLookedUp = 1_000

export async function observe(youngMs: number): Promise<{ seen: Seen; silent: readonly string[] }> {
  const silent: string[] = []
  const orElse = async <T>(other: T, reading: Promise<T>): Promise<T> => {
    try {
      return await reading
    } catch (error) {
      if (!(error instanceof ActivityFailure)) throw error
      silent.push(rootMessage(error))
      return other
    }
  }
  const [memory, before, sites] = await Promise.all([
    orElse({ keptMs: 0, firstSeen: {} }, core('Since when is this namespace ours?').recall()),
    orElse<readonly Claim[] | undefined>(undefined, core('Which leases are open, before anything is looked at?').listClaims()),
    orElse<readonly SiteTerms[]>([], core('Which sites are there?').readSites()),
  ])
  const [counted, answers, zones] = await Promise.all([
    orElse<Counted | undefined>(undefined, core('What do the sites count as lent?').listPlaces()),
    askHosts(hostsOf(sites)),
    Promise.all(sites.map(async ({ name: site, zone }) => orElse([], core(`Which names of ours are in ${zone}?`).listNames(zone).then((names) => [{ site, zone, names }])))),
  ])
  const { hosts, silent: untold } = await askLate(answers, counted)
  silent.push(...counted?.silent ?? [], ...untold)
  const claims = before && await orElse<readonly Claim[] | undefined>(undefined, core('Which leases are open?').listClaims())
  let seen: Seen = {
    now: Date.now(), youngMs, hosts, zones: zones.flat(), places: counted?.sites ?? [], claims, memory, known: [],
    before: before?.map(({ key }) => key) ?? [],
  }
  const ask = suspects(seen).slice(0, mostAsked), wanted = unclaimed(seen)
  if (ask.length > 0) seen = { ...seen, claims: answeredBy(claims!, await orElse([], core('Where do these leases stand?').askLeases(ask))) }
  if (claims === undefined || wanted.length === 0) return { seen, silent }
  const known = await orElse(undefined, core('Which of these leases has closed, and when?').findClosed(wanted.slice(0, mostLookedUp)))
  // What could not be looked up must not look like what was never heard of.
  const missed = new Set((known ? wanted.slice(mostLookedUp) : wanted).map(({ key }) => key))
  return { seen: { ...seen, known: known ?? [], before: [...seen.before, ...missed] }, silent }
}

const answeredBy = (claims: readonly Claim[], answers: Awaited<ReturnType<CoreSteps['askLeases']>>): readonly Claim[] => {
  const said = new Map(answers.map(({ key, ...answer }) => [key, answer]))
  return claims.map((claim) => said.has(claim.key) ? { ...claim, said: said.get(claim.key)! } : claim)
}

const hostsOf = (sites: readonly SiteTerms[]): string[] => [...new Set(sites.flatMap(({ hosts }) => hosts))]
