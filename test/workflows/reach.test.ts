/** `reach` and `unreach`: who gets a kubeconfig and when, and that every one of them ends with the right. */
import { randomUUID } from 'node:crypto'
import type { Payload } from '@temporalio/common'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { PayloadBox } from '../../worker/keys/codec.ts'
import { createReader } from '../../worker/keys/letter.ts'
import {
  accountId, mayResumeUpdate, pauseUpdate, reachUpdate, releaseUpdate, revokeSignal, unreachUpdate,
} from '../../workflows/contract.ts'
import { refusalIn } from '../../workflows/refuse.ts'
import { eventually, world, type World } from './harness.ts'

let it: World
beforeAll(async () => {
  it = await world({
    hosts: ['h1', 'h2', 'h3'], offers: { h1: { runtime: 'kubernetes' }, h2: { runtime: 'docker' } }, clocks: { trustMs: 0 },
    entitlement: { restart: 'never' },
  })
})
afterAll(async () => {
  expect(await it.replay()).toEqual([])
  await it.stop()
})

const handle = (leaseId: string) => it.client.workflow.getHandle(leaseId)
let count = 0
async function lent(member = `m${++count}`, on: 'docker' | 'kubernetes' = 'kubernetes') {
  it.directory.put({ uid: member, groups: ['all'] })
  const receipt = await it.lend(member, { on })
  return { ...receipt, member, status: await it.until(receipt.leaseId, 'ready') }
}
type Lease = Awaited<ReturnType<typeof lent>>
const reach = ({ leaseId, key, member }: Lease, by: { uid: string; admin?: boolean } = { uid: member }, reader = createReader()) =>
  handle(leaseId).executeUpdate(reachUpdate, { args: [{ key, by, to: reader.key }], updateId: randomUUID() })
const unreach = ({ leaseId, key, member }: Lease, by: { uid: string; admin?: boolean } = { uid: member }) =>
  handle(leaseId).executeUpdate(unreachUpdate, { args: [{ key, by }] })
const refusal = async (doing: Promise<unknown>) => refusalIn(await doing.then(() => undefined, (error: unknown) => error))
const grants = ({ member }: Pick<Lease, 'member'>) => it.reaches['h1']!.grants.get(member)?.size ?? 0
const story = async ({ leaseId }: Lease) => (await it.status(leaseId)).timeline.map(({ what }) => what).join('\n')
const container = ({ key }: Lease) => it.runtimes['h1']!.engine.of({ key })[0]!

/** All that its history holds, opened with Berth's own key. */
async function inClear({ leaseId }: Lease): Promise<string> {
  const found: Payload[] = [], box = new PayloadBox(it.context.payloads)
  const collect = (value: unknown): void => {
    if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return
    if ('metadata' in value && 'data' in value && value.data) found.push(value as Payload)
    else Object.values(value).forEach(collect)
  }
  collect((await handle(leaseId).fetchHistory()).events)
  return (await box.decode(found)).map(({ data }) => Buffer.from(data ?? []).toString()).join('\n')
}

describe('a kubeconfig', () => {
  test('is given to the member, sealed to the key that asked for it, until the lease ends', async () => {
    const lease = await lent(), reader = createReader(), answer = await reach(lease, undefined, reader)
    expect(answer).toMatchObject({ until: lease.status.until, site: 'campus' })
    const access = JSON.parse(reader.open(answer.sealed, `berth/reach ${lease.key}`)!) as { namespace: string; token: string }
    expect(access).toMatchObject({ namespace: `berth-${lease.member}`, token: expect.stringMatching(/^token-of-[0-9a-f]{16}$/) as string })
    expect(createReader().open(answer.sealed, `berth/reach ${lease.key}`)).toBeUndefined()
    expect(await story(lease)).toMatch(new RegExp(`${lease.member} has a kubeconfig for h1 until `))
    const history = await inClear(lease)
    expect(history).toContain(answer.sealed)
    expect(history).not.toContain(access.token)
    expect(history).not.toContain('192.0.2.9')
  })

  test('is for the member alone: no admin, and nobody else, looks in', async () => {
    const lease = await lent()
    expect(await refusal(reach(lease, { uid: 'ada', admin: true }))).toMatchObject({ kind: 'notYours' })
    expect(await refusal(reach(lease, { uid: 'noor' }))).toMatchObject({ kind: 'notYours' })
    expect(grants(lease)).toBe(0)
  })

  test('is refused where there is no cluster, with what to do', async () => {
    const lease = await lent(undefined, 'docker')
    expect(await refusal(reach(lease))).toEqual({ kind: 'noReach', sentence: `${lease.name} runs on h2, which is no Kubernetes cluster. Lend on one with: berth lend IMAGE --on kubernetes` })
    expect(await refusal(unreach(lease))).toMatchObject({ kind: 'noReach' })
  })

  test('is refused while the lease sleeps, and given when it is awake', async () => {
    const lease = await lent(), by = { uid: lease.member }
    await handle(lease.leaseId).executeUpdate(pauseUpdate, { args: [{ key: lease.key, by }] })
    await it.until(lease.leaseId, 'paused')
    expect(await refusal(reach(lease))).toEqual({ kind: 'tooEarly', sentence: `${lease.name} sleeps. Wake it first with: berth resume ${lease.name}` })
    await eventually(async () => (await it.desk(lease.member)).leases[0]?.paused, 'the account knows')
    await handle(accountId(lease.member)).executeUpdate(mayResumeUpdate, { args: [{ key: lease.key, by }] })
    await it.until(lease.leaseId, 'ready')
    await reach(lease)
    expect(grants(lease)).toBe(1)
  })

  test('asks the directory first: whoever has no right any more gets none, and nobody while it is away', async () => {
    const lease = await lent()
    it.directory.trouble = 'down'
    expect(await refusal(reach(lease))).toMatchObject({ kind: 'tryLater' })
    it.directory.trouble = undefined
    it.directory.put({ uid: lease.member, groups: ['all'], disabled: true })
    expect(await refusal(reach(lease))).toMatchObject({ kind: 'disabled' })
    expect(grants(lease)).toBe(0)
  })

  test('that the cluster does not give is told in its own words, and may be asked for again', async () => {
    const lease = await lent()
    it.reaches['h1']!.faults.arm({ verb: 'grant', when: 'before', error: () => new Error('The cluster does not answer.'), times: 20 })
    expect(await refusal(reach(lease))).toMatchObject({ kind: 'tryLater', sentence: expect.stringContaining('The cluster does not answer.') as string })
    it.reaches['h1']!.faults.clear()
    await reach(lease)
  })

  test('that was under way when all of them were ended is not handed out', async () => {
    const lease = await lent()
    it.reaches['h1']!.faults.arm({ verb: 'grant', when: 'after', delayMs: 700 })
    const asked = refusal(reach(lease))
    await expect.poll(() => grants(lease)).toBe(1)
    await unreach(lease)
    expect(await asked).toMatchObject({ kind: 'tryLater', sentence: expect.stringContaining('Kubeconfigs were ended') as string })
  })
})

test('what is no key gets none', async () => {
  const lease = await lent()
  for (const key of ['', 'short', 'x'.repeat(44), `${'x'.repeat(42)}=`]) {
    expect(await refusal(reach(lease, undefined, { ...createReader(), key }))).toMatchObject({ kind: 'badLine' })
  }
  expect(grants(lease)).toBe(0)
})

describe('all of them end', () => {
  test('at the member\'s word, and what was open is closed: the container starts afresh, and she or he is told', async () => {
    const lease = await lent(), { starts } = container(lease)
    await reach(lease)
    await reach(lease)
    expect(await unreach(lease)).toEqual({ grants: 2, restarted: 1 })
    expect(grants(lease)).toBe(0)
    expect(container(lease).starts).toBe(starts + 1)
    expect(await story(lease)).toContain(`nobody has a kubeconfig for h1 any more: ended by ${lease.member}; what ran on h1 for it was started afresh, without its files`)
    expect((await it.status(lease.leaseId)).notices.at(-1)).toMatchObject({ kind: 'trouble', sentence: expect.stringContaining('without its files') as string })
    expect((await it.status(lease.leaseId)).phase).toBe('ready')
    expect(await unreach(lease)).toEqual({ grants: 0, restarted: 0 })
    expect(container(lease).starts).toBe(starts + 1)
    await reach(lease)
  })

  test('at an admin\'s word, though no admin has one', async () => {
    const lease = await lent()
    await reach(lease)
    expect(await refusal(unreach(lease, { uid: 'noor' }))).toMatchObject({ kind: 'notYours' })
    expect(await unreach(lease, { uid: 'ada', admin: true })).toMatchObject({ grants: 1 })
  })

  test('with a lost right, at once, also while a grace runs; one that comes back gives none back', async () => {
    const lease = await lent()
    await reach(lease)
    await handle(lease.leaseId).signal(revokeSignal, { key: lease.key, by: 'the directory', reason: 'Your account is disabled.', at: Date.now() + 60_000 })
    await expect.poll(() => grants(lease)).toBe(0)
    await expect.poll(() => story(lease)).toContain('nobody has a kubeconfig for h1 any more: Your account is disabled; what ran')
    expect(await refusal(reach(lease))).toMatchObject({ kind: 'noRights' })
    await handle(lease.leaseId).signal(revokeSignal, { key: lease.key, by: 'the directory', reason: 'The right came back.', lifted: true })
    await expect.poll(() => story(lease)).toContain('goes on: The right came back.')
    expect(grants(lease)).toBe(0)
    await reach(lease)
    expect(grants(lease)).toBe(1)
  })

  test('with a lost right of any lease there, whichever gave them', async () => {
    const one = await lent(), other = await lent(one.member)
    await reach(one)
    await handle(one.leaseId).executeUpdate(releaseUpdate, { args: [{ key: one.key, by: { uid: one.member } }] })
    await it.ended(one.leaseId)
    await handle(other.leaseId).signal(revokeSignal, { key: other.key, by: 'ada', reason: 'It is enough.', at: Date.now() + 60_000 })
    await expect.poll(() => grants(other)).toBe(0)
  })

  test('when a lease is ended from above, before it is over', async () => {
    const lease = await lent()
    await reach(lease)
    await handle(lease.leaseId).signal(revokeSignal, { key: lease.key, by: 'ada', reason: 'It is enough.' })
    expect((await it.ended(lease.leaseId)).reason).toBe('revoked')
    expect(grants(lease)).toBe(0)
  })

  test('though their host does not answer for a while: the asker is told so, and they end when it does', async () => {
    const lease = await lent()
    await reach(lease)
    it.reaches['h1']!.faults.arm({ verb: 'revoke', when: 'before', error: () => new Error('The cluster does not answer.'), times: Infinity })
    expect(await refusal(unreach(lease))).toEqual({ kind: 'tryLater', sentence: `h1 does not answer. They end as soon as it does; see: berth status ${lease.name}` })
    expect(await refusal(reach(lease))).toEqual({ kind: 'tryLater', sentence: 'Kubeconfigs for h1 are being ended. Try again in a minute.' })
    expect(grants(lease)).toBe(1)
    it.reaches['h1']!.faults.clear()
    await expect.poll(() => grants(lease), { timeout: 30_000 }).toBe(0)
  })
})
