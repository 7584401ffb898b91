/**
 * `npm run bench`: takes the measures and prints a table, or with `--json` one object per line. A missed goal is a result,
 * not a failure: the exit code is only non-zero when a measure could not be taken.
 */
import { parseArgs } from 'node:util'
import { installRuntime } from '../../worker/runtime.ts'
import { measureChat } from './chat.ts'
import { measureClaimsOverRaw } from './claims.ts'
import { measureCost } from './cost.ts'
import { measureKubernetes } from './kubernetes.ts'
import { measureLend } from './lend.ts'
import { type Row, jsonOf, textOf } from './measure.ts'
import { measureOpen } from './open.ts'
import { measureWatching } from './watching.ts'

const measures = [measureCost, measureClaimsOverRaw, measureOpen, measureLend, measureWatching, measureChat, measureKubernetes]
const known = measures.flatMap(({ names }) => names)

const { values: { json, quick, only } } = parseArgs({
  options: { json: { type: 'boolean', default: false }, quick: { type: 'boolean', default: false }, only: { type: 'string' } },
})
const wanted = new Set(only?.split(',') ?? known)
const unknown = [...wanted].filter((name) => !known.includes(name))
if (unknown.length > 0) {
  console.error(`There is no measure ${unknown.join(', ')}; there are ${known.join(', ')}.`)
  process.exit(2)
}

installRuntime({ level: 'ERROR' })
const say = (line: string) => console.error(line)
const tell = (row: Row) => console.log(json ? jsonOf(row) : textOf(row))
for (const measure of measures) {
  if (!measure.names.some((name) => wanted.has(name))) continue
  try {
    await measure.take(wanted, { quick, say }, tell)
  } catch (error) {
    process.exitCode = 1
    console.error(`${measure.names.filter((name) => wanted.has(name)).join(', ')} could not be taken:`, error)
  }
}
// What a failed measure left open must not keep us; servers of ours die with us.
process.exit()
