/** A container that died is started again on the same ports under the same name. */
import { refusalIn, rootMessage } from '../refuse.ts'
import { keepsFiles } from '../rules/files.ts'
import type { Berthed } from './berth.ts'
import { move } from './move.ts'
import { type Todo, end, tellTimeline } from './state.ts'
import * as steps from './steps.ts'
import { tell } from './tell.ts'

/** A program that dies so often within so long is not mended by another start. */
const mostRestarts = 5, restartWindowMs = 10 * 60_000

export type Death = 'died' | 'out of memory' | 'removed' | 'restarted'

/** The word may be older than what the story has done since, so the lease looks for itself first. */
export async function mend(it: Berthed, { what, evidence }: Extract<Todo, { is: 'mend' }>): Promise<void> {
  const { state } = it, place = state.place!, { input } = state
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
    if (steps.isNoRoom(error)) return move(it, { why: 'full', evidence: rootMessage(error) })
    const refusal = refusalIn(error)
    if (!refusal && !steps.isPortTaken(error)) throw error
    return void end(state, { reason: 'died', sentence: `${words[what]} (${evidence}) and does not start again: ${refusal?.sentence ?? 'its port is in use by somebody else.'}` }, Date.now())
  }
  delete state.idle
  tellTimeline(state, 'runs again', Date.now())
  const lost = what === 'removed' || !keepsFiles(place) ? ' Its files are lost.' : ''
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
