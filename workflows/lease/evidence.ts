/** What the watch and the site say of a lease, and what the lease makes of it. */
import type { SeenWord } from '../contract.ts'
import { type LeaseState, tellTimeline } from './state.ts'

/** Words about an older placement, or to a lease that is over, change nothing. */
export function hearSeen(state: LeaseState, word: SeenWord): void {
  const now = Date.now()
  if (word.what === 'host forgotten') return void state.gone.push(`${word.number}`)
  if (state.over || word.number !== state.number || state.readyAt === undefined) return
  switch (word.what) {
    case 'idle':
    case 'busy':
      if (state.phase !== 'ready') return
      return hearIdleness(state, word)
    case 'died':
    case 'out of memory':
    case 'removed':
    case 'restarted':
      if (state.phase === 'ready') state.todo ??= { is: 'mend', what: word.what, evidence: word.evidence }
      return
    case 'host lost':
      // A paused lease has nothing to move but its files, which are on that host: it waits for it.
      if (state.phase === 'ready') state.todo = { is: 'move', evidence: word.evidence }
      else tellTimeline(state, `its host does not answer: ${word.evidence}`, now)
      return
    case 'host back':
      if (state.todo?.is === 'move') delete state.todo
      tellTimeline(state, `its host is back: ${word.evidence}`, now)
      return
    default:
      word.what satisfies never
  }
}

function hearIdleness(state: LeaseState, word: SeenWord): void {
  const idle = word.what === 'idle' && word.since !== undefined
  state.idle = { sentence: word.evidence, ...(idle && { since: word.since! }) }
  if (idle) return
  if (state.idleTold) tellTimeline(state, `is in use again: ${word.evidence}`, Date.now())
  delete state.idleTold
  if (state.todo?.is === 'pause' && state.todo.why === 'idle') delete state.todo
}
