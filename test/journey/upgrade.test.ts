/** The worker of the previous commit is replaced by this one's while a lease is open. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { pageAt } from '../../worker/demo/look.ts'
import type { RoleProcess } from '../../worker/demo/process.ts'
import { type Journey, journey } from './berth.ts'

const root = join(import.meta.dirname, '../..')
let it: Journey
beforeAll(async () => { it = await journey() })
afterAll(() => it?.stop())

/**
 * Trees of earlier commits in `folder`, the latest first. A clone of one commit has no earlier one, so that HEAD itself is
 * the old version; a tree without git is compared with itself.
 */
function* earlier(folder: string): Generator<{ main: string; version: string }> {
  const git = (...args: string[]) => execFileSync('git', ['-C', root, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  const has = (commit: string): boolean => {
    try {
      return git('cat-file', '-t', `${commit}:worker/main.ts`).trim() === 'blob'
    } catch {
      return false
    }
  }
  for (const version of [...['HEAD~1', 'HEAD~2', 'HEAD~3', 'HEAD~4', 'HEAD'].filter(has), 'this tree']) {
    const tree = join(folder, version.replace('~', '-').replace(' ', '-'))
    mkdirSync(tree, { recursive: true })
    if (version !== 'this tree') execFileSync('tar', ['-x', '-C', tree], { input: execFileSync('git', ['-C', root, 'archive', version], { maxBuffer: 2 ** 28 }) })
    else for (const part of ['workflows', 'activities', 'worker', 'client', 'package.json']) cpSync(join(root, part), join(tree, part), { recursive: true })
    symlinkSync(join(root, 'node_modules'), join(tree, 'node_modules'))
    yield { main: join(tree, 'worker/main.ts'), version }
  }
}

/** A commit that does not start is no version that anybody ran. */
async function startEarlier(): Promise<RoleProcess> {
  const failures: unknown[] = []
  for (const { main, version } of earlier(join(it.dir, 'old'))) {
    try {
      const roles = await it.start(undefined, { main })
      console.log(`the old version is ${version}`)
      return roles
    } catch (error) {
      failures.push(error)
    }
  }
  throw new AggregateError(failures, 'no earlier version starts')
}

test('a lease that the previous version lent is kept, extended and taken back by this one', async () => {
  const old = await startEarlier()
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
