/** A lease whose host is lost, or was given up, goes elsewhere. */
import { type Berthed, berth, leave } from './berth.ts'
import { leaveLine } from './drain.ts'
import { inItsTime } from './race.ts'
import { showAttributes } from './show.ts'
import { tellTimeline } from './state.ts'
import { tell } from './tell.ts'

const away = { lost: 'is lost', 'given up': 'was given up' } as const

/** Files do not move: the lease starts afresh and says so. The old placement is taken back when its host speaks again. */
export async function move(it: Berthed, why: keyof typeof away, evidence: string): Promise<void> {
  const { state } = it, { input } = state, old = state.place!
  tellTimeline(state, `its host ${old.host} ${away[why]} (${evidence}); moves`, Date.now())
  if (state.moving) await leaveLine(it)
  leave(it, old, it.placement!)
  delete state.place
  delete state.idle
  delete state.drains
  state.phase = 'waiting'
  await inItsTime(state, () => berth(it))
  state.phase = 'ready'
  tellTimeline(state, `ready again on ${state.place!.host}`, Date.now())
  showAttributes(state)
  tell(state, 'trouble', `${input.name} has moved from ${old.host} to ${state.place!.host} and starts afresh: its files were lost with its host.`)
}
