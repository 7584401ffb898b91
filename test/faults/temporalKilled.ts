/** Temporal killed -9 and started again on its database, during the lends. */
import { passThrough, tellPassed, troubles } from './crowd.ts'
import { disposable, stage } from './stage.ts'
import type { Trial } from './trial.ts'

export const temporalKilled: Trial = {
  name: 'temporal',
  promise: 'Temporal killed -9 and restarted on its database during 200 lends: none lost, none doubled',
  async run(it) {
    const count = it.quick ? 12 : 200
    const { temporal: _, ...own } = it
    await using berth = disposable(await stage(own, { ownTemporal: true }))
    await berth.begin()
    const kill = async () => {
      const server = berth.temporal.own!
      await server.kill()
      await server.start()
    }
    const trouble = troubles([1, 2, 3].map((quarter) => ({ at: Math.floor(count * quarter / 4), act: kill })))
    const passed = await passThrough(berth, { count, during: trouble.during })
    await trouble.done()
    tellPassed(it, 'temporal', passed, count)
    await berth.account('temporal')
  },
}
