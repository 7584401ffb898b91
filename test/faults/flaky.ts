/** Calls to engine, nameserver and directory that fail, also after having done the work, or answer after the deadline. */
import { passThrough, tellPassed } from './crowd.ts'
import { disposable, stage } from './stage.ts'
import type { Trial } from './trial.ts'

export const flaky: Trial = {
  name: 'flaky',
  promise: '30 % of calls to engine, nameserver, directory failing or answering after the deadline, also after having done the work: all end right, 0 leaks',
  async run(it) {
    const count = it.quick ? 12 : 200
    await using berth = disposable(await stage(it, { policy: { clocks: { step: '3s' } } }))
    berth.order({ flaky: { share: 0.3, seed: it.seed, lateMs: 4_500 } })
    await berth.begin()
    const passed = await passThrough(berth, { count, atOnce: 16 })
    tellPassed(it, 'flaky', passed, count)
    await berth.account('flaky', { withinMs: 120_000 })
  },
}
