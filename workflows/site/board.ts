/** What a site shows: the board for the query, and the same in plain words for the Temporal UI. */
import { sayFreed } from '../rules/freed.ts'
import { resting } from '../rules/hostports.ts'
import { type Told, ordered, positionWord } from '../rules/line.ts'
import { type HostBook, type Ledger, type View, isAlive, restMs, size, usage } from '../rules/placement.ts'
import type { Board, BoardHost } from '../terms.ts'

export function boardOf(ledger: Ledger, view: View, rebuilt: boolean): Board {
  const used = usage(ledger), leases = new Map<string, string[]>()
  for (const { host, key } of Object.values(ledger.entries)) leases.set(host, [...(leases.get(host) ?? []), key])
  const rest = view.terms ? restMs(view.terms) : 0
  const hosts = Object.values(ledger.hosts).map((book): BoardHost => {
    const { offer } = book, lent = used.get(book.host)!
    return {
      host: book.host, alive: isAlive(book, view), draining: book.draining, forgotten: book.forgotten, lastHeard: book.heard,
      cpu: { used: tidy(lent.cpu), of: offer?.cpu ?? 0 },
      memory: { used: lent.memory, of: offer?.memory ?? 0 },
      ...(offer?.gpu !== undefined && { gpu: { used: lent.gpu, of: offer.gpu } }),
      slots: { used: lent.slots, of: offer?.slots ?? 0 },
      ports: {
        used: lent.ports.size, resting: resting(book.freed, { now: view.now, restMs: rest }).count,
        of: offer ? offer.ports[1] - offer.ports[0] + 1 : 0,
      },
      leases: leases.get(book.host) ?? [],
    }
  })
  const line = ordered(ledger.line).map(({ request: { key, member, since }, told }, i) =>
    ({ key, member, position: i + 1, reason: told ? saidOf(told) : 'waits for its first answer', since }))
  return { site: ledger.site, rebuilt, hosts: hosts.sort((a, b) => (a.host < b.host ? -1 : 1)), line }
}

const saidOf = ({ reason, freed }: Told): string => (freed ? `${reason}; ${sayFreed(freed)}` : reason)

/** Sums of decimal fractions, as people read them. */
const tidy = (cores: number): number => Math.round(cores * 1000) / 1000

/** Longest line that is spelled out; Temporal keeps 20,000 bytes of details. */
const shown = 20

/** The board in plain words, as markdown. */
export function detailsOf(ledger: Ledger, view: View, rebuilt: boolean): string {
  const board = boardOf(ledger, view, rebuilt)
  const hosts = board.hosts.slice(0, 60).map((it) => `| ${[
    it.host, stateOf(ledger.hosts[it.host]!, view), `${it.cpu.used} of ${it.cpu.of}${it.gpu ? `, ${it.gpu.used} of ${it.gpu.of} GPUs` : ''}`,
    `${size(it.memory.used)} of ${size(it.memory.of)}`, `${it.slots.used} of ${it.slots.of}`,
    `${it.ports.used} of ${it.ports.of}, ${it.ports.resting} rest`,
  ].join(' | ')} |`)
  const line = board.line.slice(0, shown).map((it) => `- ${it.key} of ${it.member} ${it.reason}; ${positionWord(it.position)}`)
  return [
    rebuilt ? '' : 'The ledger is being rebuilt; nothing is lent before that.\n',
    ...(hosts.length > 0 ? ['| host | state | cpu | memory | slots | ports |', '|---|---|---|---|---|---|', ...hosts] : ['No host has spoken yet.']),
    '', board.line.length > 0 ? `**In line: ${board.line.length}**\n` : 'Nobody waits.', ...line,
    ...(board.line.length > shown ? [`- and ${board.line.length - shown} more`] : []),
  ].join('\n').trim()
}

function stateOf(book: HostBook, view: View): string {
  if (book.forgotten) return 'forgotten; to be swept before it lends again'
  if (!isAlive(book, view)) return 'silent'
  if (view.terms && !view.terms.hosts.includes(book.host)) return 'not listed by the policy'
  if (book.unread) return 'its inventory is being read'
  return book.draining ? 'draining' : 'lends'
}
