import { randomUUID } from 'node:crypto'
import { Client, Connection } from '@temporalio/client'
import { cancelled, heartbeat } from '@temporalio/activity'
import { NativeConnection, Worker } from '@temporalio/worker'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { workflowBundle } from '../../worker/bundle.ts'
import { prepareNamespace } from '../../worker/namespace.ts'
import { type WatchInput, coreQueue, hostQueue, stopWatchSignal, watchId } from '../../workflows/contract.ts'
import type { WatchEvidence, WatchOrder } from '../../workflows/steps.ts'
import { eventually } from './harness.ts'

/** A host whose activity does as the test says; it hears every order that the story gives. */
let client: Client, orders: WatchOrder[], does: (order: WatchOrder) => Promise<WatchEvidence>
const ends: (() => Promise<void>)[] = []
beforeAll(async () => {
  const address = inject('temporal'), namespace = `watch-${randomUUID()}`
  const [connection, native] = [await Connection.connect({ address }), await NativeConnection.connect({ address })]
  await prepareNamespace(connection, { namespace, instance: 'test' })
  client = new Client({ connection, namespace })
  const watchHost = (order: WatchOrder) => {
    orders.push(order)
    return does(order)
  }
  const workers = [
    await Worker.create({ connection: native, namespace, taskQueue: coreQueue, workflowBundle: await workflowBundle() }),
    await Worker.create({ connection: native, namespace, taskQueue: hostQueue('h1'), activities: { watchHost } }),
  ]
  const running = workers.map((worker) => worker.run())
  ends.push(async () => {
    for (const worker of workers) worker.shutdown()
    await Promise.all(running)
    await native.close()
    await connection.close()
  })
})
afterAll(async () => {
  for (const end of ends) await end()
})

const begin = (clocks: WatchInput['clocks'] = {}) => {
  orders = []
  return client.workflow.start('watch', { workflowId: watchId('h1'), taskQueue: coreQueue, args: [{ host: 'h1', site: 'campus', clocks }] })
}
const knows = (sentence: string): WatchEvidence => ({ watched: {}, sentence })
const run = async (last: number) => {
  const handle = await begin({ aliveMs: 1_500 })
  await eventually(() => orders.length >= last, `${last} rotations`)
  await handle.signal(stopWatchSignal)
  await client.workflow.getHandle(handle.workflowId).result()
}

test('each rotation begins with what the one before knew, under a higher number, through continue-as-new', async () => {
  let count = 0
  does = async () => {
    if (++count > 30) await cancelled()
    return knows(`rotation ${count}`)
  }
  await run(31)
  expect(orders[0]).toMatchObject({ host: 'h1', orderly: false })
  expect(orders[0]!.evidence).toBeUndefined()
  orders.slice(1).forEach((order, i) => {
    expect(order.number).toBeGreaterThan(orders[i]!.number)
    expect(order).toMatchObject({ orderly: true, evidence: knows(`rotation ${i + 1}`) })
  })
})

test('a worker that dies leaves what its last sign of life knew, and its number behind', async () => {
  does = async ({ orderly, evidence }) => {
    if (!evidence) heartbeat(knows('seen before it died'))
    else expect(orderly).toBe(false)
    return await cancelled()
  }
  await run(2)
  const [dead, next] = orders
  expect(next).toMatchObject({ orderly: false, evidence: knows('seen before it died') })
  expect(next!.number).toBeGreaterThan(dead!.number)
})

test('a rotation that fails is not retried under its number', async () => {
  does = async ({ orderly }) => {
    if (orders.length === 1) return knows('something')
    if (orderly) throw new Error('as the test says')
    return await cancelled()
  }
  await run(3)
  expect(orders.map(({ evidence }) => evidence?.sentence)).toEqual([undefined, 'something', 'something'])
  expect(new Set(orders.map(({ number }) => number)).size).toBe(3)
})

test('a watch that was terminated goes on counting upwards', async () => {
  does = () => cancelled()
  await begin()
  await eventually(() => orders.length > 0, 'it watches')
  const before = orders[0]!.number
  await client.workflow.getHandle(watchId('h1')).terminate('as in the UI')
  await run(1)
  expect(orders[0]!.number).toBeGreaterThan(before)
})

test('its histories replay', async () => {
  const histories = []
  for await (const { workflowId, runId } of client.workflow.list({ query: `WorkflowType = 'watch'` })) {
    histories.push({ workflowId, history: await client.workflow.getHandle(workflowId, runId).fetchHistory() })
  }
  expect(histories.length).toBeGreaterThan(5)
  for await (const { error } of Worker.runReplayHistories({ workflowBundle: await workflowBundle() }, histories)) expect(error).toBeUndefined()
})
