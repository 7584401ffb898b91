/**
 * The firewall as it was found. An engine writes rules for its bridges, makes its own chains (flushing what it finds
 * there), and sets a policy; it takes none of this away when it ends, and what is left over misleads the next engine.
 */
import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { need } from '../find.ts'
import { overlaps } from '../subnet.ts'

const tables = ['filter', 'nat'] as const

/** What `iptables-save` says of each table. */
export type Firewall = Readonly<Record<(typeof tables)[number], string>>

export function readFirewall(): Firewall {
  const save = need('iptables-save', 'iptables')
  return Object.fromEntries(tables.map((table) => (
    [table, execFileSync(save, ['-t', table], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })]))) as Firewall
}

export interface Gone {
  readonly bridges: readonly string[]
  readonly networks: readonly string[]
  /** The firewall before the engine began. */
  readonly before: Firewall
  /** Another engine runs here, whose rules since then stay. */
  readonly others: boolean
}

/** Removes every rule that names these bridges or networks, and puts the engine's chains back. */
export function cleanFirewall(gone: Gone): void {
  const now = readFirewall()
  const links = readdirSync('/sys/class/net')
  for (const table of tables) {
    const lines = repair({ now: now[table], before: gone.before[table], links }, gone)
    if (!lines.length) continue
    execFileSync(need('iptables-restore', 'iptables'), ['--noflush', '-w', '10'], {
      input: [`*${table}`, ...lines, 'COMMIT', ''].join('\n'), stdio: ['pipe', 'ignore', 'pipe'],
    })
  }
}

/** Right after an engine of ours began: gives other engines back what it flushed, so that two can live side by side. */
export function putBack(before: Firewall, ours: Pick<Gone, 'bridges' | 'networks'>): void {
  const theirs = (table: string) => table.split('\n').filter((line) => !line.startsWith('-A ') || !names(line, ours)).join('\n')
  cleanFirewall({ bridges: [], networks: [], others: true, before: { filter: theirs(before.filter), nat: theirs(before.nat) } })
}

const chainOf = (rule: string) => rule.split(' ')[1]!
const isEngines = (chain: string) => /^DOCKER(-|$)/.test(chain)
/** A Berth's own, which takes it down itself (`activities/docker/iptables.ts`). */
const isWall = (chain: string) => chain.startsWith('BERTH-')
/** Flushed by an engine that starts. DOCKER-USER is the admin's. */
const isFlushed = (chain: string) => isEngines(chain) && chain !== 'DOCKER-USER'

/**
 * Lines for `iptables-restore` that lead from the table `now` to one without what is gone; pure. The engine's chains get
 * back what the engine flushed, as far as the interface still exists.
 */
export function repair(table: { now: string; before: string; links: readonly string[] }, gone: Omit<Gone, 'before'>): string[] {
  const rules = rulesOf(table.now), chains = chainsOf(table.now), oldChains = chainsOf(table.before)
  // A wall stands or goes as a whole: without the rule that names its range it would reject everything on this machine.
  const dead = rules.filter((rule) => names(rule, gone) && !isWall(chainOf(rule)))
  const old = rulesOf(table.before).filter((rule) => linksOf(rule).every((link) => table.links.includes(link)) && !names(rule, gone))
  const rebuilt = [...new Set([...oldChains.keys(), ...(gone.others ? chains.keys() : [])])].filter(isFlushed)
  const added = gone.others ? rules.filter((rule) => !dead.includes(rule) && !old.includes(rule)) : []
  const surplus = gone.others ? [] : [...chains.keys()].filter((chain) => isEngines(chain) && !oldChains.has(chain))
  const jumps = gone.others ? [] : rules.filter((rule) => (
    !isEngines(chainOf(rule)) && !old.includes(rule) && !dead.includes(rule) && / -j DOCKER(-|$)/.test(rule)))
  const policies = gone.others ? [] : [...chains].filter(([chain, policy]) => (
    policy !== '-' && oldChains.has(chain) && oldChains.get(chain) !== policy))
  return [
    // Declaring a chain of one's own flushes it.
    ...rebuilt.map((chain) => `:${chain} - [0:0]`),
    ...policies.map(([chain]) => `:${chain} ${oldChains.get(chain)} [0:0]`),
    ...[...dead, ...jumps].filter((rule) => !rebuilt.includes(chainOf(rule)) && !surplus.includes(chainOf(rule)))
      .map((rule) => rule.replace('-A', '-D')),
    ...surplus.map((chain) => `-F ${chain}`),
    ...surplus.map((chain) => `-X ${chain}`),
    ...[...added, ...old].filter((rule) => rebuilt.includes(chainOf(rule))),
  ]
}

const linksOf = (rule: string) => [...rule.matchAll(/ -[io] (\S+)/g)].map((match) => match[1]!)
const rulesOf = (table: string) => table.split('\n').filter((line) => line.startsWith('-A '))

/** Chain → policy; `-` for a chain that is not built in. */
function chainsOf(table: string): Map<string, string> {
  return new Map(table.split('\n').flatMap((line) => {
    const [, chain, policy] = /^:(\S+) (\S+)/.exec(line) ?? []
    return chain && policy ? [[chain, policy]] : []
  }))
}

function names(rule: string, gone: Pick<Gone, 'bridges' | 'networks'>): boolean {
  const words = rule.split(' ')
  return words.some((word) => gone.bridges.includes(word)
    || (/^\d+\.\d+\.\d+\.\d+([/:]\d+)?$/.test(word) && gone.networks.some((network) => overlaps(word.replace(/:.*/, ''), network))))
}
