/** Engine, nameserver and directory away for a while, during the lends. */
import { setTimeout as pause } from 'node:timers/promises'
import { buildImages } from '../../worker/embedded/image.ts'
import { type LoneEngine, loneEngine } from '../../worker/embedded/engine.ts'
import { passThrough, tellPassed, troubles } from './crowd.ts'
import { type Stage, disposable, stage } from './stage.ts'
import type { Trial, Trying } from './trial.ts'

/** How long each is away. */
const awayMs = 5_000

async function play(it: Trying, row: string, trouble: (berth: Stage) => () => Promise<unknown>): Promise<void> {
  const count = it.quick ? 16 : 200
  await using berth = disposable(await stage(it))
  await berth.begin()
  const act = trouble(berth), around = troubles([1, 3, 5].map((sixths) => ({ at: Math.floor(count * sixths / 6), act })))
  const passed = await passThrough(berth, { count, during: around.during })
  await around.done()
  tellPassed(it, row, passed, count)
  await berth.account(row, { withinMs: 120_000 })
}

/** On an engine of this row alone. */
export async function withLoneEngine(it: Trying, play: (it: Trying, engine: LoneEngine) => Promise<void>): Promise<void> {
  await using engine = disposable(await loneEngine())
  await buildImages(engine.socketPath)
  await play({ ...it, engine: engine.socketPath }, engine)
}

const back = (engine: LoneEngine, end: () => Promise<void>) => async () => {
  await end()
  await pause(awayMs)
  await engine.start()
}

export const partsAway: readonly Trial[] = [
  {
    name: 'dockerdRestarted', promise: 'dockerd restarted during 200 lends: all end right, 0 leaks',
    run: (it) => withLoneEngine(it, (it, engine) => play(it, 'dockerdRestarted', () => back(engine, () => engine.shutDown()))),
  },
  {
    name: 'dockerdKilled', promise: 'dockerd killed -9 during 200 lends: all end right, 0 leaks',
    run: (it) => withLoneEngine(it, (it, engine) => play(it, 'dockerdKilled', () => back(engine, () => engine.kill()))),
  },
  {
    name: 'knotKilled', promise: 'Knot killed -9 during 200 lends: all end right, 0 leaks',
    run: (it) => play(it, 'knotKilled', ({ nameserver }) => async () => {
      await nameserver.kill()
      await pause(awayMs)
      await nameserver.start()
    }),
  },
  {
    name: 'slapdFrozen', promise: 'slapd frozen during 200 lends: all end right, 0 leaks',
    run: (it) => play(it, 'slapdFrozen', ({ slapd }) => async () => {
      slapd.freeze()
      await pause(2 * awayMs)
      slapd.thaw()
    }),
  },
]
