/** The engine is down when leases are due. */
import { setTimeout as pause } from 'node:timers/promises'
import { settle } from './crowd.ts'
import { endingOf, statusOf } from './member.ts'
import { withLoneEngine } from './partsAway.ts'
import { disposable, stage } from './stage.ts'
import { type Trial, atMost, none } from './trial.ts'

/** How long it stays down past the due time: by then retries are as far apart as they get. */
const pastDueMs = 30_000

export const lateEngine: Trial = {
  name: 'lateEngine',
  promise: 'engine down at expiry: gone at most 60 s after it is back',
  run: (it) => withLoneEngine(it, async (it, engine) => {
    await using berth = disposable(await stage(it))
    await berth.begin()
    const client = berth.client(), leases = await settle(berth, { count: it.quick ? 3 : 12, wish: { forMs: 40_000 } })
    await engine.kill()
    const until = await Promise.all(leases.map((lease) => statusOf(client, lease).then((status) => status.until!)))
    await pause(Math.max(0, Math.max(...until) + (it.quick ? 5_000 : pastDueMs) - Date.now()))
    await engine.start()
    const back = performance.now()
    const endings = await Promise.all(leases.map((lease) => endingOf(client, lease)))
    await berth.leftOver(120_000)
    it.tell(atMost('lateEngine.gone', (performance.now() - back) / 1000, { most: 60, unit: 's', note: `${leases.length} leases, after the engine answered again` }))
    it.tell(none('lateEngine.wrong', endings.filter((ending) => ending === 'terminated' || ending.reason !== 'due').map((ending) => JSON.stringify(ending)), 'that ended otherwise than due'))
    await berth.account('lateEngine')
  }),
}
