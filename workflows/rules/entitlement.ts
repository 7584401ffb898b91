/** What a member may do now: the most generous of each of the groups. Being in one more never takes anything away. */
import type { Clocks, Entitlement, ExtendTerms, IdleTerms, ImageTerms, RuntimeKind, SiteTerms } from '../terms.ts'

/** What one group may do; what its text left out is filled in from the policy's defaults. */
export interface GroupTerms {
  /** Lower case, for a directory's group names ignore it. */
  readonly name: string
  readonly images: readonly ImageTerms[]
  readonly sites: readonly string[]
  readonly cpu: number
  readonly memory: number
  readonly count: number
  readonly totalCpu: number
  readonly totalMemory: number
  /** Per lease and of all together; absent is none. */
  readonly gpu?: number
  /** Absent: any. */
  readonly on?: readonly RuntimeKind[]
  /** Absent: restricted. */
  readonly security?: 'baseline'
  readonly defaultMs: number
  readonly longestMs: number
  readonly longestWaitMs: number
  readonly extend: ExtendTerms
  readonly warnMs: readonly number[]
  readonly graceMs: number
  readonly restart: 'never' | 'always'
  readonly narrowed: 'keep' | 'end'
  /** Absent: idle leases are left alone. */
  readonly idle?: IdleTerms
}

/** A policy file once it is read and found right. */
export interface PolicyTerms {
  readonly groups: readonly GroupTerms[]
  /** In the order in which they are tried. */
  readonly sites: readonly SiteTerms[]
  /** Aliases with their sentence for the catalogue. */
  readonly images: readonly (ImageTerms & { readonly about?: string })[]
  readonly clocks: Clocks
  /** Directory groups, lower case, whose members are admins. */
  readonly admins: readonly string[]
}

/**
 * Undefined when no group has rights. By field:
 * - cpu, memory, GPUs, count, totals, durations, the three of `extend`, grace: the greatest
 * - images, sites, kinds of hosts: whatever any group has, in the policy's order; any kind if any group names none
 * - security: baseline if any says so
 * - warnings: every one that any group gets
 * - restart: `always` if any says so; narrowed: `keep` if any says so
 * - idle: left alone if any group is; else the longest of each stage, and the lowest share of a core that counts as idle
 */
export function entitlementOf(policy: PolicyTerms, groups: readonly string[], digest: string): Entitlement | undefined {
  const names = new Set(groups.map((name) => name.toLowerCase()))
  const mine = policy.groups.filter(({ name }) => names.has(name))
  if (mine.length === 0) return undefined
  const most = (of: (group: GroupTerms) => number) => Math.max(...mine.map(of))
  const sites = new Set(mine.flatMap(({ sites }) => sites))
  const gpu = most(({ gpu = 0 }) => gpu), on = kinds.filter((kind) => mine.some(({ on = kinds }) => on.includes(kind)))
  const idle = mostPatient(mine.map((group) => group.idle))
  return {
    policy: digest,
    images: inPolicyOrder(policy, mine.flatMap(({ images }) => images)),
    catalog: inPolicyOrder(policy, policy.groups.flatMap(({ images }) => images)).map(({ name }) => name),
    cpu: most(({ cpu }) => cpu),
    memory: most(({ memory }) => memory),
    count: most(({ count }) => count),
    totalCpu: most(({ totalCpu }) => totalCpu),
    totalMemory: most(({ totalMemory }) => totalMemory),
    ...(gpu > 0 && { gpu }),
    ...(on.length < kinds.length && { on }),
    ...(mine.some(({ security }) => security === 'baseline') && { security: 'baseline' as const }),
    defaultMs: most(({ defaultMs }) => defaultMs),
    longestMs: most(({ longestMs }) => longestMs),
    longestWaitMs: most(({ longestWaitMs }) => longestWaitMs),
    extend: {
      stepMs: most(({ extend }) => extend.stepMs),
      windowMs: most(({ extend }) => extend.windowMs),
      capMs: most(({ extend }) => extend.capMs),
    },
    sites: policy.sites.filter(({ name }) => sites.has(name)),
    warnMs: [...new Set(mine.flatMap(({ warnMs }) => warnMs))].sort((a, b) => b - a),
    graceMs: most(({ graceMs }) => graceMs),
    restart: mine.some(({ restart }) => restart === 'always') ? 'always' : 'never',
    narrowed: mine.some(({ narrowed }) => narrowed === 'keep') ? 'keep' : 'end',
    ...(idle && { idle }),
  }
}

const kinds: readonly RuntimeKind[] = ['docker', 'kubernetes']

/** Whether a member of these groups is an admin. */
export function isAdminBy(policy: Pick<PolicyTerms, 'admins'>, groups: readonly string[]): boolean {
  return groups.some((name) => policy.admins.includes(name.toLowerCase()))
}

/** Aliases as the policy lists them, then patterns as the groups list them; each once. */
function inPolicyOrder(policy: PolicyTerms, images: readonly ImageTerms[]): ImageTerms[] {
  const byName = new Map(images.map((image) => [image.name, image]))
  const order = [...policy.images, ...policy.groups.flatMap(({ images }) => images)].map(({ name }) => name)
  return [...new Set(order)].flatMap((name) => byName.get(name) ?? [])
}

function mostPatient(all: readonly (IdleTerms | undefined)[]): IdleTerms | undefined {
  const set = all.filter((idle) => idle !== undefined)
  if (set.length < all.length) return undefined
  return {
    noticeMs: Math.max(...set.map(({ noticeMs }) => noticeMs)),
    pauseMs: Math.max(...set.map(({ pauseMs }) => pauseMs)),
    deleteMs: Math.max(...set.map(({ deleteMs }) => deleteMs)),
    cpuShare: Math.min(...set.map(({ cpuShare }) => cpuShare)),
  }
}
