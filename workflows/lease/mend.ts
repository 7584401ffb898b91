/** A container that died is started again on the same ports under the same name; a lease whose host is lost moves. */
import { refusalIn } from '../refuse.ts'
import { type Berthed, berth } from './berth.ts'
import { showAttributes } from './show.ts'
import { end, tellTimeline } from './state.ts'
import * as steps from './steps.ts'
import { tell } from './tell.ts'

/** A program that dies so often within so long is not mended by another start. */
const mostRestarts = 5, restartWindowMs = 10 * 60_000

export type Death = 'died' | 'out of memory' | 'removed' | 'restarted'

/** The word may be older than what the story has done since, so the lease looks for itself first. */
export async function mend({ state }: Berthed, what: Death, evidence: string): Promise<void> {
  const place = state.place!, { input } = state
  if ((await steps.lookAtContainer(state, place)).is === 'running') return
  const now = Date.now()
  state.restarts = state.restarts.filter((at) => now - at < restartWindowMs)
  if (input.entitlement.restart === 'never') return void end(state, { reason: 'died', sentence: `${words[what]} (${evidence}).` }, now)
  if (state.restarts.length >= mostRestarts) {
    return void end(state, { reason: 'died', sentence: `${words[what]} (${evidence}), for the ${state.restarts.length + 1}th time in ten minutes.` }, now)
  }
  state.restarts.push(now)
  tellTimeline(state, `${words[what]} (${evidence}); starts again`, now)
  try {
    await (what === 'removed' ? steps.startContainer(state, place) : steps.resumeContainer(state, place))
  } catch (error) {
    const refusal = refusalIn(error)
    if (!refusal && !steps.isPortTaken(error)) throw error
    return void end(state, { reason: 'died', sentence: `${words[what]} (${evidence}) and does not start again: ${refusal?.sentence ?? 'its port is in use by somebody else.'}` }, Date.now())
  }
  delete state.idle
  tellTimeline(state, 'runs again', Date.now())
  const lost = what === 'removed' ? ' Its files are lost.' : ''
  tell(state, 'trouble', `${input.name}: ${words[what]} (${evidence}) and was started again.${lost}`)
}

const words: Record<Death, string> = {
  died: 'it ended by itself', 'out of memory': 'it used more memory than it has', removed: 'somebody removed it', restarted: 'its engine restarted',
}

/** It runs on, on other host ports than it was lent: its name follows. */
export async function republish({ state }: Berthed, hostPorts: readonly number[], evidence: string): Promise<void> {
  const { input } = state, place = { ...state.place!, hostPorts }
  await steps.claimName(state, place)
  state.place = place
  const now = Date.now(), ports = hostPorts.join(', ')
  tellTimeline(state, `its host ports are ${ports} now (${evidence})`, now)
  tell(state, 'trouble', `${input.name} is reached at other ports now: ${ports}.`)
}

/** Files do not move: the lease starts afresh and says so. The old placement is taken back when its host speaks again. */
export async function move(it: Berthed, evidence: string): Promise<void> {
  const { state } = it, { input } = state, old = state.place!
  tellTimeline(state, `its host ${old.host} is lost (${evidence}); moves`, Date.now())
  const left = it.placement!.unwind() // trails: a lost host answers when it answers
  left.catch(() => undefined)
  it.undo.beside('the lost host', () => left)
  delete state.place
  delete state.idle
  state.phase = 'waiting'
  await berth(it)
  state.phase = 'ready'
  tellTimeline(state, `ready again on ${state.place!.host}`, Date.now())
  showAttributes(state)
  tell(state, 'trouble', `${input.name} has moved from ${old.host} to ${state.place!.host} and starts afresh: its files were lost with its host.`)
}
