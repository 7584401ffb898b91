/** The worker of the previous commit is replaced by this one's while a lease is open. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { pageAt } from '../../worker/demo/look.ts'
import { type Journey, journey } from './berth.ts'

const root = join(import.meta.dirname, '../..')
let it: Journey
beforeAll(async () => { it = await journey() })
afterAll(() => it?.stop())

/**
 * The tree of HEAD~1 in `folder`. A clone of one commit has no previous one, so that HEAD itself is the old version; a
 * tree without git is compared with itself.
 */
function previous(folder: string): { main: string; version: string } {
  mkdirSync(folder, { recursive: true })
  const git = (...args: string[]) => execFileSync('git', ['-C', root, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  const has = (commit: string): boolean => {
    try {
      return git('cat-file', '-t', `${commit}:worker/main.ts`) === 'blob'
    } catch {
      return false
    }
  }
  const version = ['HEAD~1', 'HEAD'].find(has)
  if (version) execFileSync('tar', ['-x', '-C', folder], { input: execFileSync('git', ['-C', root, 'archive', version], { maxBuffer: 2 ** 28 }) })
  else for (const part of ['workflows', 'activities', 'worker', 'client', 'package.json']) cpSync(join(root, part), join(folder, part), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  return { main: join(folder, 'worker/main.ts'), version: version ?? 'this tree, for there is no git here' }
}

test('a lease that the previous version lent is kept, extended and taken back by this one', async () => {
  const { main, version } = previous(join(it.dir, 'old'))
  console.log(`the old version is ${version}`)
  expect(existsSync(main)).toBe(true)
  const old = await it.start(undefined, { main })
  await it.login('mika')
  const lent = await it.as('mika', 'lend', 'web', '--name', 'kept', '--for', '1h')
  expect(lent.code, lent.err).toBe(0)
  const before = await it.status('mika', 'kept')
  await old.stop()

  await it.start()
  const after = await it.status('mika', 'kept')
  expect(after).toMatchObject({ phase: 'ready', key: before.key, until: before.until, place: before.place })
  const { services, addresses } = await it.records(after)
  expect(await pageAt(`http://${addresses[0]}:${services[0]!.port}/`)).toContain('Hello')
  const { until } = await it.asked<{ until: number }>('mika', 'extend', 'kept', '--by', '10m')
  expect(until).toBe(before.until! + 600_000)
  const next = await it.as('mika', 'lend', 'web', '--name', 'next')
  expect(next.code, next.err).toBe(0)
  const second = await it.status('mika', 'next')
  for (const name of ['kept', 'next']) expect((await it.as('mika', 'return', name)).code).toBe(0)
  await it.untilNothingIsLeft(after, second)
}, 180_000)
