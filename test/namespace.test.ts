import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { randomUUID } from 'node:crypto'
import { Client, Connection } from '@temporalio/client'
import { ForeignNamespace, prepareNamespace } from '../worker/namespace.ts'
import { attributes } from '../workflows/contract.ts'

const namespace = `namespace-${randomUUID()}`
const wish = { namespace, instance: 'one' }
let connection: Connection

beforeAll(async () => { connection = await Connection.connect({ address: inject('temporal') }) })
afterAll(() => connection.close())

const describeIt = () => connection.workflowService.describeNamespace({ namespace })

test('a new namespace takes a workflow with every attribute at once', async () => {
  await prepareNamespace(connection, wish)
  const client = new Client({ connection, namespace })
  const handle = await client.workflow.start('nobody', {
    taskQueue: 'nobody', workflowId: 'nobody',
    typedSearchAttributes: Object.values(attributes).map((key) => (
      key.type === 'DATETIME' ? { key, value: new Date(0) } : { key, value: 'x' })) as never,
  })
  const { typedSearchAttributes } = await handle.describe()
  expect(typedSearchAttributes.get(attributes.owner)).toBe('x')
  expect(typedSearchAttributes.get(attributes.due)).toEqual(new Date(0))
  await handle.terminate()
})

test('preparing again changes nothing but the retention that is asked for', async () => {
  await prepareNamespace(connection, wish)
  expect((await describeIt()).config?.workflowExecutionRetentionTtl?.seconds?.toNumber()).toBe(30 * 24 * 3600)
  await prepareNamespace(connection, { ...wish, retentionMs: 48 * 3_600_000 })
  expect((await describeIt()).config?.workflowExecutionRetentionTtl?.seconds?.toNumber()).toBe(48 * 3600)
})

test('another instance is refused, in one sentence', async () => {
  const other = prepareNamespace(connection, { namespace, instance: 'two' })
  await expect(other).rejects.toThrow(ForeignNamespace)
  await expect(other).rejects.toThrow(/belongs to the Berth instance one, and this is two/)
})

test('a namespace without an owner is taken by the first that comes', async () => {
  const free = `free-${randomUUID()}`
  await connection.workflowService.registerNamespace({
    namespace: free, workflowExecutionRetentionPeriod: (await describeIt()).config!.workflowExecutionRetentionTtl!,
  })
  await prepareNamespace(connection, { namespace: free, instance: 'two' })
  await expect(prepareNamespace(connection, { namespace: free, instance: 'one' })).rejects.toThrow(ForeignNamespace)
})

test('two that prepare the same namespace at once agree', async () => {
  const both = { namespace: `both-${randomUUID()}`, instance: 'one' }
  await Promise.all([prepareNamespace(connection, both), prepareNamespace(connection, both)])
})
