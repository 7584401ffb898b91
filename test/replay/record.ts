/**
 * `npm run histories`: records the stories whose histories are not there yet, and never overwrites one: a history that
 * no longer replays means that a running story would break. Until the first release one may be deleted and told anew.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js'
import { startTemporal } from '../../worker/embedded/temporal/start.ts'
import { world, type World } from '../workflows/harness.ts'
import { folder, savedNames, savedRing, withoutStacks } from './saved.ts'
import { type Run, type Tale, tales } from './tales.ts'

const dir = await mkdtemp(join(tmpdir(), 'berth-histories-'))
try {
  await mkdir(folder, { recursive: true })
  const have = new Set(await savedNames())
  const missing = tales.filter(({ tells }) => tells.some((name) => !have.has(name)))
  if (missing.length === 0) console.log('Every history is there.')
  else await recordAll(missing, have)
} finally {
  await rm(dir, { recursive: true, force: true })
}

async function recordAll(missing: readonly Tale[], have: ReadonlySet<string>): Promise<void> {
  const server = await startTemporal({ dir, say: console.log })
  try {
    for (const tale of missing) await record(tale, { have, address: server.address })
  } finally {
    await server.stop()
  }
}

async function record(tale: Tale, { have, address }: { have: ReadonlySet<string>; address: string }): Promise<void> {
  const it = await world({ ...tale.world, ring: savedRing, temporal: address })
  try {
    const runs = await tale.tell(it)
    const untold = tale.tells.filter((name) => !(name in runs))
    if (untold.length > 0) throw new Error(`The tale promises ${untold.join(', ')} and does not tell it.`)
    for (const name of tale.tells) if (!have.has(name)) await save(it, name, runs[name]!)
  } finally {
    await it.stop()
  }
}

async function save(it: World, name: string, { workflowId, runId }: Run): Promise<void> {
  const history = await it.client.workflow.getHandle(workflowId, runId).fetchHistory()
  // Who ran it, and from which folder, tells nothing but names of this machine.
  const events = JSON.parse(historyToJSON(history), (key, value: unknown) => (key === 'identity' || key === 'stackTrace' ? undefined : value)) as unknown
  await writeFile(join(folder, `${name}.json`), `${JSON.stringify(await withoutStacks(events))}\n`, { flag: 'wx' })
  console.log(`${name}: ${history.events!.length} events`)
}
