/** What the watch and the site say of a lease, and what the lease makes of it. */
import type { SeenWord } from '../contract.ts'
import { keepsFiles } from '../rules/files.ts'
import { hearAddresses } from './readdress.ts'
import { type LeaseState, end, tellTimeline } from './state.ts'
import { tell } from './tell.ts'

/** Words about an older placement, of an older watch, or to a lease that is over, change nothing. */
export function hearSeen(state: LeaseState, word: SeenWord): void {
  const now = Date.now()
  if (word.what === 'host forgotten') hearForgotten(state, word)
  if (word.what === 'host drains' || word.what === 'host stays') return hearDrain(state, word)
  if (state.over || word.number !== state.number || state.readyAt === undefined || isOutdated(state, word)) return
  switch (word.what) {
    case 'idle':
    case 'busy':
      if (state.phase !== 'ready') return
      return hearIdleness(state, word)
    case 'died':
    case 'out of memory':
    case 'removed':
    case 'restarted':
      // While it is being paused, that it stopped is its own doing.
      if (state.phase === 'ready' && state.doing !== 'pause') state.todo ??= { is: 'mend', what: word.what, evidence: word.evidence }
      return
    case 'ports moved': {
      const { hostPorts } = word, had = state.place?.hostPorts
      if (state.phase !== 'ready' || !hostPorts || hostPorts.length !== had?.length || hostPorts.join() === had.join()) return
      state.todo ??= { is: 'republish', hostPorts, evidence: word.evidence }
      return
    }
    case 'addresses moved':
      return hearAddresses(state, word)
    case 'replaced':
      return hearReplaced(state, word)
    case 'host lost':
      // A paused lease has nothing to move but its files, which are on that host: it waits for it.
      if (state.phase === 'ready') state.todo = { is: 'move', why: 'lost', evidence: word.evidence }
      else tellTimeline(state, `its host does not answer: ${word.evidence}`, now)
      return
    case 'host forgotten':
      return
    case 'host back':
      if (state.todo?.is === 'move') delete state.todo
      tellTimeline(state, `its host is back: ${word.evidence}`, now)
      return
    default:
      word.what satisfies never
  }
}

/** A rotation that was taken for dead may still speak; the one after it knows better. */
function isOutdated(state: LeaseState, { number, watch }: SeenWord): boolean {
  if (watch === undefined) return false
  const { heard } = state
  if (heard?.number === number && watch < heard.watch) return true
  state.heard = { number, watch }
  return false
}

/** The word may be of what the story itself has started meanwhile. */
function hearReplaced(state: LeaseState, { number, id, evidence }: SeenWord): void {
  if (state.phase !== 'ready' || state.doing !== undefined || id === undefined) return
  const { runs, input } = state
  state.runs = { number, id }
  if (runs?.number !== number || runs.id === id) return
  delete state.idle
  tellTimeline(state, `its host put another container in its place: ${evidence}`, Date.now())
  tell(state, 'trouble', `${input.name}: its host took its container away (${evidence}) and started another. Its files are lost.`)
}

/** Nothing is left there: whoever waits for a proof has it, and who still lived there goes elsewhere. */
function hearForgotten(state: LeaseState, { number, evidence }: SeenWord): void {
  const known = state.gone.includes(`${number}`)
  if (!known) state.gone.push(`${number}`)
  if (state.over || number !== state.number) {
    if (!known) tellTimeline(state, `${evidence}: what is left of it there is not waited for`, Date.now())
    return
  }
  if (state.phase === 'ready') state.todo = { is: 'move', why: 'given up', evidence }
  else if (state.phase === 'paused') end(state, { reason: 'host lost', sentence: `its host was given up${keepsFiles(state.place) ? ', and its files with it' : ''}: ${evidence}` }, Date.now())
}

/** Also before it is ready, or while it sleeps: it moves once it is awake. */
function hearDrain(state: LeaseState, { what, number, evidence }: SeenWord): void {
  if (state.over || number !== state.number) return
  if (what === 'host stays') {
    delete state.drains
    tellTimeline(state, evidence, Date.now())
    return
  }
  const known = state.drains?.number === number
  state.drains = { number, tries: 0, avoid: [] }
  if (known) return // it slept, and is told again when it wakes
  tellTimeline(state, `${evidence}; ${state.phase === 'paused' ? `sleeps on there${keepsFiles(state.place) ? ' with its files' : ''}` : 'asks for a place elsewhere'}`, Date.now())
  if (state.phase === 'ready') tell(state, 'trouble', `${state.input.name}: ${evidence}. It moves to another host as soon as there is room; its files do not, so save what you need.`)
}

function hearIdleness(state: LeaseState, word: SeenWord): void {
  const idle = word.what === 'idle' && word.since !== undefined
  // The speaker's clock may be off; how long ago a thing was is the same on all clocks.
  const ahead = Date.now() - word.at
  const signals = word.signals?.map((signal) => ({ ...signal, ...(signal.since !== undefined && { since: signal.since + ahead }) }))
  state.idle = { sentence: word.evidence, ...(idle && { since: word.since! + ahead }), ...(signals && { signals }) }
  if (idle) return
  if (state.idleTold) tellTimeline(state, `is in use again: ${word.evidence}`, Date.now())
  delete state.idleTold
  if (state.todo?.is === 'pause' && state.todo.why === 'idle') delete state.todo
}
