/**
 * `npm run faults -- [--only ROW] [--seed N] [--quick] [--json] [--list]`: what may go wrong, on real parts, and what is
 * left over and doubled afterwards. Ends with 1 when a promise was not kept.
 */
import { parseArgs } from 'node:util'
import { buildImages } from '../../worker/embedded/image.ts'
import { engine } from '../../worker/embedded/engine.ts'
import { installRuntime } from '../../worker/runtime.ts'
import { jsonOf, textOf } from '../bench/measure.ts'
import { seeded } from './random.ts'
import { loadNow, stopAll } from './stage.ts'
import { type Finding, none } from './trial.ts'
import { trials } from './trials.ts'

const { values } = parseArgs({ options: {
  only: { type: 'string', multiple: true }, seed: { type: 'string' }, quick: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false }, list: { type: 'boolean', default: false },
} })
const unknown = (values.only ?? []).filter((name) => !trials.some((trial) => trial.name === name))
const seed = Number(values.seed ?? Math.floor(Math.random() * 1e9))

// The SDK's runtime, which comes with the stage, would keep the process alive where nothing has been played.
if (values.list) {
  for (const { name, promise } of trials) console.log(`${name.padEnd(14)} ${promise}`)
  process.exit(0)
} else if (unknown.length > 0 || !Number.isInteger(seed)) {
  console.error(unknown.length > 0 ? `There is no row ${unknown.join(', ')}. The rows are ${trials.map(({ name }) => name).join(', ')}.` : '--seed takes a whole number.')
  process.exit(2)
} else process.exit(await run() ? 0 : 1) // a row that broke may leave somebody waiting

async function run(): Promise<boolean> {
  const say = (line: string) => console.error(line), findings: Finding[] = [], begin = performance.now()
  const tell = (finding: Finding) => {
    findings.push(finding)
    console.log(values.json ? jsonOf(finding) : textOf(finding))
  }
  say(`Seed ${seed}; the same again with --seed ${seed}.`)
  installRuntime({ level: 'WARN' })
  const it = await engine()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void stopAll().then(() => it.stop()).finally(() => process.exit(130)))
  }
  try {
    await buildImages(it.socketPath)
    for (const trial of trials.filter(({ name }) => !values.only || values.only.includes(name))) {
      const began = performance.now()
      say(`\n${trial.name}: ${trial.promise}`)
      const random = seeded(seed)
      try {
        await trial.run({ seed, random, quick: values.quick, say, engine: it.socketPath, tell })
      } catch (error) {
        console.error(error)
        tell(none(`${trial.name}.broke`, [error instanceof Error ? error.message : error], 'the row could not be played'))
      }
      say(`${trial.name} took ${Math.round((performance.now() - began) / 1000)} s, load ${loadNow()}`)
    }
  } finally {
    await it.stop()
  }
  const missed = findings.filter(({ holds }) => !holds)
  say(`\nSeed ${seed}: ${findings.length - missed.length} of ${findings.length} hold, in ${Math.round((performance.now() - begin) / 60_000)} min.`)
  for (const { measure, value, goal } of missed) say(`  MISSED ${measure}: ${value}, goal ${goal}`)
  return missed.length === 0
}
