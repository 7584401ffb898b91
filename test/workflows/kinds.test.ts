/** Which hosts a lease may have by kind and by GPUs, and what a host is told of it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { releaseUpdate } from '../../workflows/contract.ts'
import type { HostOrder } from '../../workflows/ports.ts'
import { refusalIn } from '../../workflows/refuse.ts'
import type { Receipt } from '../../workflows/terms.ts'
import { eventually, world, type World } from './harness.ts'
import { campus } from './terms.ts'

let it: World
const orders = new Map<string, HostOrder>()
beforeAll(async () => {
  it = await world({
    hosts: ['h1', 'h2', 'h3'],
    offers: {
      h1: { runtime: 'docker' },
      h2: { runtime: 'kubernetes', gpu: 1, address: '192.0.2.1', addresses: ['192.0.2.1', '192.0.2.2'] },
      h3: { runtime: 'docker', site: 'annex' },
    },
    entitlement: {
      gpu: 2, security: 'baseline',
      sites: [{ ...campus, ingressClass: 'nginx' }, { ...campus, name: 'annex', zone: 'annex.test', hosts: ['h3'] }],
      images: [{ name: 'web', reference: 'web:1', ports: [80] }, { name: 'pod', reference: 'pod:1', on: 'kubernetes' }],
    },
    hostSteps: (steps) => ({ ...steps, startContainer: (order) => {
      orders.set(order.key, order)
      return steps.startContainer(order)
    } }),
  })
  // Until all have spoken, a site waits for the others.
  await Promise.all([lent('mika', { on: 'docker', site: 'campus' }), lent('mika', { on: 'kubernetes' }), lent('mika', { site: 'annex' })].map(async (one) => give(await one)))
})
afterAll(async () => {
  expect(await it.replay()).toEqual([])
  await it.stop()
})

const lent = async (member: string, wish: Parameters<World['lend']>[1]) => {
  const receipt = await it.lend(member, wish)
  return { ...receipt, status: await it.until(receipt.leaseId, 'ready') }
}
const give = async ({ leaseId, key }: Receipt) => {
  const { member } = await it.status(leaseId)
  await it.client.workflow.getHandle(leaseId).executeUpdate(releaseUpdate, { args: [{ key, by: { uid: member } }] })
  return it.ended(leaseId)
}
const refusal = (asked: Promise<unknown>) => asked.then(() => undefined, (error: unknown) => refusalIn(error))

describe('a lease that wants a kind of host', () => {
  test('gets one of that kind, by its own word or by its image', async () => {
    const docker = await lent('mika', { on: 'docker' }), kubernetes = await lent('mika', { on: 'kubernetes' }), pod = await lent('mika', { image: 'pod' })
    expect([docker, kubernetes, pod].map(({ status }) => status.host)).toEqual(['h1', 'h2', 'h2'])
    expect(kubernetes.status.place).toMatchObject({ runtime: 'kubernetes', address: '192.0.2.1', addresses: ['192.0.2.1', '192.0.2.2'] })
    expect(docker.status.place).not.toHaveProperty('runtime')
    expect(docker.status.place).not.toHaveProperty('addresses')
    expect(it.names.held.get(kubernetes.fqdn)).toMatchObject({ addresses: ['192.0.2.1', '192.0.2.2'] })
    for (const one of [docker, kubernetes, pod]) await give(one)
  })

  test('is refused when its image is of another kind, or its groups may not have it', async () => {
    expect(await refusal(it.lend('mika', { image: 'pod', on: 'docker' }))).toEqual({
      kind: 'hostNotAllowed', sentence: '“pod” runs on kubernetes alone; ask again without --on.',
    })
    const before = it.entitlement.now
    it.entitlement.now = { ...before, on: ['docker'] }
    try {
      expect(await refusal(it.lend('mika', { on: 'kubernetes' }))).toMatchObject({ kind: 'hostNotAllowed', sentence: 'You may lend on docker alone; ask again without --on.' })
      expect(await refusal(it.lend('mika', { image: 'pod' }))).toMatchObject({ kind: 'hostNotAllowed' })
      const lease = await lent('mika', {})
      expect(lease.status.host).toBe('h1')
      await give(lease)
    } finally {
      it.entitlement.now = before
    }
  })

  test('ends with one clear sentence where no site has such a host', async () => {
    const ending = await it.ended((await it.lend('mika', { on: 'kubernetes', site: 'annex' })).leaseId)
    expect(ending).toMatchObject({ reason: 'refused', refusal: 'noRoom', sentence: 'No host of annex is of the kind kubernetes. Ask for another kind of host, or for another site.' })
  })
})

describe('GPUs', () => {
  test('are counted like cpu: who finds none free waits in line for one', async () => {
    const first = await lent('mika', { gpu: 1 })
    expect(first.status).toMatchObject({ host: 'h2', spec: { gpu: 1 } })
    expect((await it.board()).hosts.find(({ host }) => host === 'h2')).toMatchObject({ gpu: { used: 1, of: 1 } })
    expect((await it.desk('mika')).leases).toMatchObject([{ gpu: 1 }])
    const second = await it.lend('noor', { gpu: 1 })
    const waiting = await eventually(async () => (await it.status(second.leaseId)).queue, 'it waits')
    expect(waiting.reason).toMatch(/^waits for 1 GPU; first in line/)
    await give(first)
    expect((await it.until(second.leaseId, 'ready')).host).toBe('h2')
    await give(second)
  })

  test('are refused beyond what the groups allow, and beyond what any host of the site has', async () => {
    expect(await refusal(it.lend('mika', { gpu: 3 }))).toMatchObject({ kind: 'tooBig', sentence: 'You may have at most 2 GPUs; ask for less with --gpu.' })
    const ending = await it.ended((await it.lend('mika', { gpu: 2, site: 'campus' })).leaseId)
    expect(ending).toMatchObject({ refusal: 'noRoom', sentence: 'No host of campus has 2 GPUs: the most is 1. Ask for less, or for another site.' })
  })

  test('of all leases together stay within what the groups allow', async () => {
    const lease = await lent('mika', { gpu: 1 })
    expect(await refusal(it.lend('mika', { gpu: 2 }))).toMatchObject({ kind: 'quotaFull', sentence: expect.stringContaining('You have 1 of 2 GPUs in use, and this needs 2.') as string })
    await give(lease)
  })
})

test('a host is told what the account may have in all, how its pods are secured, and by which name web requests come', async () => {
  const lease = await lent('mika', { on: 'kubernetes' }), { totalCpu, totalMemory, count } = it.entitlement.now
  expect(orders.get(lease.key)!.terms).toEqual({
    quota: { cpu: totalCpu, memory: totalMemory, count, gpu: 2 }, security: 'baseline', hostname: lease.fqdn, ingressClass: 'nginx',
  })
  const elsewhere = await lent('mika', { site: 'annex' })
  expect(orders.get(elsewhere.key)!.terms).toMatchObject({ hostname: elsewhere.fqdn })
  expect(orders.get(elsewhere.key)!.terms).not.toHaveProperty('ingressClass')
  for (const one of [lease, elsewhere]) await give(one)
})
