/** A lease whose host is lost, was given up, or has no room for it any more, goes elsewhere. */
import { type Berthed, berth, leave } from './berth.ts'
import { leaveLine } from './drain.ts'
import { inItsTime } from './race.ts'
import { showAttributes } from './show.ts'
import { fullWith } from './full.ts'
import { tellTimeline } from './state.ts'
import { tell } from './tell.ts'

const away = { lost: 'is lost', 'given up': 'was given up', full: 'has no room for it any more' } as const

interface Moving {
  readonly why: keyof typeof away
  readonly evidence: string
}

/** Files do not move: the lease starts afresh and says so. The old placement is taken back when its host speaks again. */
export async function move(it: Berthed, { why, evidence }: Moving): Promise<void> {
  const { state } = it, { input } = state, old = state.place!
  tellTimeline(state, `its host ${old.host} ${away[why]} (${evidence}); moves`, Date.now())
  if (state.moving) await leaveLine(it)
  if (why === 'full') state.full = fullWith(undefined, old.host, evidence)
  const placement = it.placement!
  if (why !== 'full') leave(it, old, placement)
  delete state.place
  delete state.idle
  delete state.drains
  delete state.readdressed
  state.phase = 'waiting'
  if (why === 'full') await placement.unwind()
  await inItsTime(state, () => berth(it))
  state.phase = 'ready'
  tellTimeline(state, `ready again on ${state.place!.host}`, Date.now())
  showAttributes(state)
  const host = state.place!.host
  if (why === 'full') return tell(state, 'trouble', `${input.name} runs again, on ${host}, and starts afresh: ${old.host} had no room for it any more (${evidence}). Its files are lost.`)
  tell(state, 'trouble', `${input.name} has moved from ${old.host} to ${host} and starts afresh: its files were lost with its host.`)
}
