/** An engine of our own ends and comes back: the watch sees it, tells the leases, and each does what its policy says. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { containerName } from '../../activities/docker/labels.ts'
import { createPulse } from '../../activities/idle/pulse.ts'
import { createHostSteps } from '../../activities/steps/host.ts'
import { createOwn } from '../../activities/steps/own.ts'
import { createWatch } from '../../activities/steps/watch.ts'
import { type LoneEngine, loneEngine } from '../../worker/embedded/engine.ts'
import { buildImages, webImage } from '../../worker/embedded/image.ts'
import { portRange } from '../../worker/embedded/ports.ts'
import { startHost } from '../../worker/host.ts'
import { releaseUpdate } from '../../workflows/contract.ts'
import type { Entitlement } from '../../workflows/terms.ts'
import { openLab, type Lab } from '../ports/docker/lab.ts'
import { eventually, world, type World } from './harness.ts'

let engine: LoneEngine, lab: Lab, it: World, range: Awaited<ReturnType<typeof portRange>>
beforeAll(async () => {
  engine = await loneEngine()
  await buildImages(engine.socketPath)
  lab = openLab({ socketPath: engine.socketPath })
  it = await world({ hosts: [], entitlement: { images: [{ name: 'web', reference: webImage, ports: [80] }], catalog: ['web'] } })
  const own = createOwn()
  range = await portRange(10)
  it.roles.hosts['h1'] = await startHost(it.context, {
    steps: own.wrap(createHostSteps({ runtime: lab.runtime, openEnv: () => ({}) })),
    watch: createWatch({ eyes: lab.runtime.eyes, pulse: createPulse(), own }),
    watchClocks: { lookMs: 1_000, feelMs: 500, quietMs: 1_000, reckonMs: 60_000, aliveMs: 10_000 },
    check: () => lab.runtime.eyes.glimpse(),
    offer: { host: 'h1', site: 'campus', address: '127.0.0.1', cpu: 8, memory: 2 ** 33, slots: 50, ports: range.ports, runtime: 'docker' },
  })
})
afterAll(async () => {
  await it?.stop()
  await lab?.close()
  await engine?.stop()
  await range?.release()
})

async function ready(name: string, restart: Entitlement['restart'] = 'always') {
  it.entitlement.now = { ...it.entitlement.now, restart }
  const lease = await it.lend('mika', { image: 'web', name, cpu: 0.25, memory: 16 << 20 }), status = await it.until(lease.leaseId, 'ready')
  // What the watch has not seen running it can only find by comparing, and that is far away here.
  await eventually(async () => (await it.status(lease.leaseId)).idle, 'the watch knows it')
  return { ...lease, place: status.place!, endpoints: status.endpoints, container: lab.docker.getContainer(containerName(lab.marks, { key: lease.key, number: 1 })) }
}
type Lent = Awaited<ReturnType<typeof ready>>
const page = async ({ place }: Lent) => (await fetch(`http://127.0.0.1:${place.hostPorts[0]}/`)).text()
const timeline = async ({ leaseId }: Lent) => (await it.status(leaseId)).timeline.map(({ what }) => what)
const nameOf = ({ key }: Lent) => [...it.names.held.values()].find((one) => one !== 'foreign' && one.key === key)

describe('an engine that restarts', () => {
  test.each([
    ['in good order', 'shut-down', () => engine.shutDown()],
    ['after it was killed', 'killed', () => engine.kill()],
  ])('%s finds its leases running again, on their ports and under their names', async (_, name, ends) => {
    const lease = await ready(name), named = nameOf(lease), { Id } = await lease.container.inspect()
    await ends()
    await engine.start()
    await eventually(async () => (await timeline(lease)).at(-1) === 'runs again', 'it runs again')
    expect((await timeline(lease)).filter((what) => what.startsWith('its engine restarted'))).toEqual([expect.stringMatching(/\(exit code (137|143)\); starts again$/)])
    expect(await it.status(lease.leaseId)).toMatchObject({ phase: 'ready', place: lease.place, endpoints: lease.endpoints })
    expect(nameOf(lease)).toEqual(named)
    expect((await lease.container.inspect()).Id).toBe(Id)
    expect(await page(lease)).toContain('Hello from Berth')
    await it.client.workflow.getHandle(lease.leaseId).executeUpdate(releaseUpdate, { args: [{ key: lease.key, by: { uid: 'mika' } }] })
    await it.client.workflow.getHandle(lease.leaseId).result()
  })

  test('ends the lease whose policy starts nothing again, and leaves nothing of it', async () => {
    const lease = await ready('once', 'never')
    await engine.kill()
    await engine.start()
    expect(await it.client.workflow.getHandle(lease.leaseId).result()).toMatchObject({ reason: 'died', sentence: expect.stringMatching(/^its engine restarted \(exit code (137|143)/) as string })
    expect(await lab.runtime.list()).toEqual([])
    expect(nameOf(lease)).toBeUndefined()
  })
})
