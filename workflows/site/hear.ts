/** What a site listens to. Signals are kept in their order and decided together; nothing is lost while it rebuilds. */
import { log, setHandler } from '@temporalio/workflow'
import {
  boardQuery, drainUpdate, forgetUpdate, freeSignal, hostSilentSignal, hostUpSignal, placeSignal,
} from '../contract.ts'
import { refuse } from '../refuse.ts'
import { bookOf } from '../rules/placement.ts'
import { forgetHost } from '../rules/reckon.ts'
import { boardOf } from './board.ts'
import { sayTo } from './lost.ts'
import { type Site, type Word, viewOf } from './state.ts'

export function hear(it: Site): void {
  const { state } = it
  const keep = (word: Word) => void state.inbox.push(word)
  const assertKnown = ({ host }: { readonly host: string }) => assertKnows(it, host)

  setHandler(hostUpSignal, (offer) => keep({ is: 'hostUp', offer }))
  setHandler(placeSignal, (request) => keep({ is: 'place', request }))
  setHandler(freeSignal, (free) => keep({ is: 'free', free }))
  setHandler(hostSilentSignal, ({ host }) => keep({ is: 'hostSilent', host }))
  setHandler(boardQuery, () => boardOf(state.ledger, viewOf(it), state.rebuilt))
  setHandler(drainUpdate, ({ host, drain, by }) => {
    bookOf(state.ledger, host).draining = drain
    it.changed = true
    log.info(drain ? 'a host drains' : 'a host lends again', { host, by })
  }, { validator: assertKnown })
  setHandler(forgetUpdate, ({ host, by }) => {
    const lost = forgetHost(state.ledger, host, viewOf(it))
    it.changed = true
    log.warn('a host was forgotten', { host, by, places: lost.map((entry) => entry.key) })
    for (const entry of lost) void sayTo(it, entry, { what: 'host forgotten', evidence: `${by} has given up ${host}` })
  }, { validator: assertKnown })
}

/** Synchronous and pure, for a refused update leaves no trace in the history. */
function assertKnows({ name, state }: Site, host: string): void {
  if (!state.rebuilt) throw refuse('tryLater', `Site ${name} is still counting what it has lent. Try again in a few seconds.`)
  if (host in state.ledger.hosts || state.terms?.hosts.includes(host)) return
  throw refuse('notFound', `Site ${name} knows no host "${host}". See its hosts with: berth admin board`)
}
