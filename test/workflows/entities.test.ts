import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WithStartWorkflowOperation } from '@temporalio/client'
import { accountId, coreQueue, extendUpdate, lendUpdate, releaseUpdate, signOutUpdate, siteId, statusQuery } from '../../workflows/contract.ts'
import { refusalIn } from '../../workflows/refuse.ts'
import { sayHostUp } from '../../worker/host.ts'
import { eventually, newKey, world, type World } from './harness.ts'

let it: World
beforeAll(async () => { it = await world({ clocks: { checkMs: 1_000 }, entitlement: { count: 10 } }) })
afterAll(() => it.stop())

const give = async ({ leaseId, key }: { leaseId: string; key: string }, uid: string) => {
  await it.client.workflow.getHandle(leaseId).executeUpdate(releaseUpdate, { args: [{ key, by: { uid } }] })
  await it.client.workflow.getHandle(leaseId).result()
}

describe('an account', () => {
  test('grants exactly its quota to fifty requests at once', async () => {
    const asked = Array.from({ length: 50 }, (_, at) => at)
    const answers: string[] = []
    // The gateway keeps eight of a member in flight; so does this.
    await Promise.all(Array.from({ length: 8 }, async () => {
      for (let at = asked.pop(); at !== undefined; at = asked.pop()) {
        answers.push(await it.lend('mika', { name: `q${at}`, cpu: 0.1, memory: 2 ** 24 })
          .then(() => 'lent', (error: unknown) => refusalIn(error)?.kind ?? String(error)))
      }
    }))
    expect(answers.filter((answer) => answer === 'lent')).toHaveLength(10)
    expect(answers.filter((answer) => answer === 'quotaFull')).toHaveLength(40)
    const { leases } = await it.desk('mika')
    await Promise.all(leases.map(({ leaseId }) => it.until(leaseId, 'ready')))
    expect(it.containers()).toBe(10)
    await Promise.all(leases.map((lease) => give(lease, 'mika')))
    expect(it.containers()).toBe(0)
  })

  test('that was terminated by hand knows its leases again, and grants nothing twice', async () => {
    const receipts = []
    for (const name of ['a', 'b', 'c']) receipts.push(await it.lend('noor', { name }))
    await Promise.all(receipts.map(({ leaseId }) => it.until(leaseId, 'ready')))
    const { epoch } = await it.desk('noor')
    await it.client.workflow.getHandle(accountId('noor')).terminate('by the test')
    const again = await it.lend('noor', { name: 'd' })
    const desk = await it.desk('noor')
    expect(desk.leases.map(({ name }) => name).sort()).toEqual(['a', 'b', 'c', 'd'])
    expect(desk.epoch).toBeGreaterThan(epoch) // tokens of before are good no more
    expect(await it.lend('noor', { name: 'a' }).then(() => undefined, refusalIn)).toMatchObject({ kind: 'nameTaken' })
    await it.until(again.leaseId, 'ready')
    await Promise.all([...receipts, again].map((lease) => give(lease, 'noor')))
  })

  test('keeps its books and receipts through continue-as-new', async () => {
    const wish = { name: 'carried', requestId: 'r-carried', key: newKey() }
    const receipt = await it.lend('ada', wish)
    await it.until(receipt.leaseId, 'ready')
    const account = it.client.workflow.getHandle(accountId('ada'))
    const { runId: first } = await account.describe()
    const busy = async () => {
      for (let at = 0; at < 40; at++) await it.lend('ada', { name: 'carried' }).catch(() => undefined) // refused: the name is taken
      return (await account.describe()).runId !== first
    }
    await eventually(busy, 'a new run', 60_000)
    expect(await it.lend('ada', { ...wish, key: newKey() })).toEqual(receipt)
    expect((await it.desk('ada')).leases.map(({ name }) => name)).toEqual(['carried'])
    await give(receipt, 'ada')
  })

  test('signed out elsewhere takes no older token', async () => {
    const { epoch: before } = await it.desk('ada')
    const receipt = await it.lend('ada', { name: 'epoch', epoch: before })
    const epoch = await it.client.workflow.getHandle(accountId('ada')).executeUpdate(signOutUpdate, { args: [{ by: 'ada', reason: 'logout' }] })
    expect(epoch).toBe(before + 1)
    expect(await it.lend('ada', { epoch: before }).then(() => undefined, refusalIn)).toMatchObject({ kind: 'notSignedIn' })
    await give(receipt, 'ada')
  })

  test('opens at the first request: the start and the request are one', async () => {
    it.directory.put({ uid: 'new', groups: ['all'] })
    const op = new WithStartWorkflowOperation('account', { workflowId: accountId('new'), taskQueue: coreQueue, args: [{ member: 'new' }], workflowIdConflictPolicy: 'USE_EXISTING' })
    const refused = await it.client.workflow.executeUpdateWithStart(lendUpdate, {
      args: [{ requestId: 'r', key: newKey(), image: 'none', ports: [] }], startWorkflowOperation: op,
    }).then(() => undefined, refusalIn)
    expect(refused).toMatchObject({ kind: 'unknownImage' })
  })
})

describe('a site', () => {
  test('that was terminated by hand while a lease waits for it gives the place once', async () => {
    const ready = await it.lend('mika', { name: 'before' })
    const placed = await it.until(ready.leaseId, 'ready')
    await it.client.workflow.getHandle(siteId('campus')).terminate('by the test')
    const waiting = await it.lend('mika', { name: 'after' })
    await sayHostUp(it.client, { host: 'h1', site: 'campus', address: '127.0.0.1', cpu: 8, memory: 2 ** 33, slots: 50, ports: [21000, 21999], runtime: 'memory', boot: 'again' })
    const second = await it.until(waiting.leaseId, 'ready')
    expect(second.place!.hostPorts).not.toEqual(placed.place!.hostPorts)
    const board = await eventually(async () => {
      const seen = await it.board()
      return seen.rebuilt && [ready, waiting].every(({ key }) => seen.hosts[0]!.leases.includes(key)) && seen
    }, 'both are in the ledger')
    expect(new Set(board.hosts[0]!.leases).size).toBe(board.hosts[0]!.leases.length)
    await give(ready, 'mika')
    await give(waiting, 'mika')
  })
})

describe('a lease', () => {
  test('that was terminated by hand gives its quota back after two looks', async () => {
    const receipt = await it.lend('mika', { name: 'killed' })
    await it.until(receipt.leaseId, 'ready')
    await it.client.workflow.getHandle(receipt.leaseId).terminate('by the test')
    const account = it.client.workflow.getHandle(accountId('mika'))
    await eventually(async () => {
      await account.signal('recheck', { by: 'the test' })
      return !(await it.desk('mika')).leases.some(({ leaseId }) => leaseId === receipt.leaseId)
    }, 'the books are right again')
  })

  test('answers the same when its extension is delivered twice', async () => {
    const receipt = await it.lend('noor', { name: 'ext', forMs: 10 * 60_000 })
    await it.until(receipt.leaseId, 'ready')
    const extend = () => it.client.workflow.getHandle(receipt.leaseId)
      .executeUpdate(extendUpdate, { args: [{ key: receipt.key, requestId: 'same', by: { uid: 'noor' } }] })
    const [one, two] = [await extend(), await extend()]
    expect(two).toEqual(one)
    await give(receipt, 'noor')
  })

  test('answers what it was after it has ended', async () => {
    const receipt = await it.lend('noor', { name: 'late' })
    await it.until(receipt.leaseId, 'ready')
    await give(receipt, 'noor')
    const status = await it.client.workflow.getHandle(receipt.leaseId).query(statusQuery)
    expect(status).toMatchObject({ phase: 'ended', ending: { reason: 'returned' } })
    expect(status.timeline.at(-1)!.what).toBe('nothing of it is left')
  })
})

test('every story told here replays', async () => {
  expect(await it.replay()).toEqual([])
})
