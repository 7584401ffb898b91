/** What a member reads of the files of a lease that sleeps: on a cluster they are gone, and only there it is said. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sayStatus } from '../../client/commands/status.ts'
import { headline } from '../../client/terminal/steps.ts'
import { accountId, drainUpdate, mayResumeUpdate, pauseUpdate, releaseUpdate, seenSignal, siteId } from '../../workflows/contract.ts'
import { leaseDetails } from '../../workflows/lease/show.ts'
import { cardOf, sayCard } from '../../workflows/rules/card.ts'
import type { LeaseStatus } from '../../workflows/terms.ts'
import { eventually, world, type World } from './harness.ts'
import { campus } from './terms.ts'

let it: World
const mika = { uid: 'mika' }
beforeAll(async () => {
  it = await world({
    hosts: ['h1', 'h2'], offers: { h1: { runtime: 'docker' }, h2: { runtime: 'kubernetes' } },
    entitlement: { sites: [{ ...campus, drain: 'move' }], idle: { noticeMs: 1_000, pauseMs: 600_000, deleteMs: 600_000, cpuShare: 0.01 } },
  })
  for (const on of ['docker', 'kubernetes'] as const) await give(await ready(on, 'first'))
})
afterAll(async () => {
  expect(await it.replay()).toEqual([])
  await it.stop()
})

const handle = (leaseId: string) => it.client.workflow.getHandle(leaseId)
async function ready(on: 'docker' | 'kubernetes', name: string) {
  const receipt = await it.lend('mika', { name, on })
  return { ...receipt, status: await it.until(receipt.leaseId, 'ready') }
}
type Lease = Awaited<ReturnType<typeof ready>>
async function give({ leaseId, key }: Lease) {
  await handle(leaseId).executeUpdate(releaseUpdate, { args: [{ key, by: mika }] })
  return it.ended(leaseId)
}
const noticed = ({ leaseId }: Lease, kind: string) => eventually(async () =>
  (await it.status(leaseId)).notices.findLast((notice) => notice.kind === kind)?.sentence, `${kind} is told`)
const shown = (status: LeaseStatus) =>
  ({ status: sayStatus(status), headline: headline(status), details: leaseDetails(status), card: sayCard(cardOf(status), String).lines.join('\n') })

describe.each([['docker', true], ['kubernetes', false]] as const)('on %s', (on, kept) => {
  test('a lease that sleeps says wherever it is shown what becomes of its files', async () => {
    const lease = await ready(on, `sleeps-${on}`)
    const answer = await handle(lease.leaseId).executeUpdate(pauseUpdate, { args: [{ key: lease.key, by: mika }] })
    expect(answer).toEqual(kept ? {} : { losesFiles: true })
    const status = await it.until(lease.leaseId, 'paused')
    for (const text of [await noticed(lease, 'paused'), ...Object.values(shown(status))]) {
      if (kept) expect(text).not.toMatch(/not kept|not keep/)
      else expect(text).toMatch(/not kept|not keep/)
    }
    expect(shown(status).card.includes('its files are kept')).toBe(kept)
    await eventually(async () => (await it.desk('mika')).leases[0]?.paused, 'the account knows')
    await handle(accountId('mika')).executeUpdate(mayResumeUpdate, { args: [{ key: lease.key, by: mika }] })
    await it.until(lease.leaseId, 'ready')
    expect(await noticed(lease, 'resumed')).toBe(`${lease.name} is awake again${kept ? '' : ', and starts afresh: its files were not kept'}.`)
    await give(lease)
  })

  test('one that looks idle says so before it is put to sleep', async () => {
    const lease = await ready(on, `idle-${on}`), now = Date.now()
    await handle(lease.leaseId).signal(seenSignal, { key: lease.key, number: 1, at: now, since: now - 2_000, what: 'idle', evidence: 'as the test says' })
    expect((await noticed(lease, 'idle')).includes('which does not keep its files')).toBe(!kept)
    await give(lease)
  })

  test('one that died and was started again says whether its files are lost', async () => {
    const lease = await ready(on, `dies-${on}`)
    it.runtimes[lease.status.host!]!.engine.die(lease, 3)
    await handle(lease.leaseId).signal(seenSignal, { key: lease.key, number: 1, at: Date.now(), what: 'died', evidence: 'exit code 3' })
    expect((await noticed(lease, 'trouble')).endsWith('Its files are lost.')).toBe(!kept)
    await give(lease)
  })

  test('one that sleeps on a host that is emptied stays, with its files if it has any', async () => {
    const lease = await ready(on, `stays-${on}`), host = lease.status.host!
    await handle(lease.leaseId).executeUpdate(pauseUpdate, { args: [{ key: lease.key, by: mika }] })
    await it.until(lease.leaseId, 'paused')
    const drain = (yes: boolean) => handle(siteId('campus')).executeUpdate(drainUpdate, { args: [{ host, drain: yes, by: 'root' }] })
    await drain(true)
    const stays = await eventually(async () => (await it.status(lease.leaseId)).timeline.find(({ what }) => what.includes('sleeps on there')), 'it is told')
    expect(stays.what.endsWith('sleeps on there with its files')).toBe(kept)
    await drain(false)
    await give(lease)
  })
})
