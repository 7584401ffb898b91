/** The whole way with real containers: something happens to one, the watch sees it, its lease mends it. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { containerName } from '../../activities/docker/labels.ts'
import { createPulse } from '../../activities/idle/pulse.ts'
import { createHostSteps } from '../../activities/steps/host.ts'
import { createOwn } from '../../activities/steps/own.ts'
import { createWatch } from '../../activities/steps/watch.ts'
import { toolsImage, webImage } from '../../worker/embedded/image.ts'
import { startHost } from '../../worker/host.ts'
import { releaseUpdate } from '../../workflows/contract.ts'
import { freePort, openLab, type Lab } from '../ports/docker/lab.ts'
import { eventually, world, type World } from './harness.ts'

let lab: Lab, it: World
const hog = ['/bin/sh', '-c', 'sleep 3; tail /dev/zero']
beforeAll(async () => {
  lab = openLab()
  it = await world({
    hosts: [], entitlement: {
      images: [{ name: 'web', reference: webImage, ports: [80] }, { name: 'hog', reference: toolsImage, command: hog }], catalog: ['web', 'hog'],
    },
  })
  const own = createOwn(), first = await freePort()
  it.roles.hosts['h1'] = await startHost(it.context, {
    steps: own.wrap(createHostSteps({ runtime: lab.runtime, openEnv: () => ({}) })),
    watch: createWatch({ eyes: lab.runtime.eyes, pulse: createPulse(), own }),
    watchClocks: { lookMs: 1_000, feelMs: 1_000, quietMs: 2_000, reckonMs: 3_000, aliveMs: 10_000 },
    check: () => lab.runtime.eyes.glimpse(),
    offer: { host: 'h1', site: 'campus', address: '127.0.0.1', cpu: 8, memory: 2 ** 33, slots: 50, ports: [first, first + 20], runtime: 'docker' },
  })
})
afterAll(async () => {
  await it.stop()
  await lab.close()
})

async function ready(image: string) {
  const { leaseId, key } = await it.lend('mika', { image, cpu: 0.25, memory: 16 << 20 }), { place } = await it.until(leaseId, 'ready')
  return { leaseId, key, place: place!, container: lab.docker.getContainer(containerName(lab.marks, { key, number: place!.number })) }
}
type Lease = Awaited<ReturnType<typeof ready>>
const told = ({ leaseId }: Lease, what: RegExp) =>
  eventually(async () => what.test((await it.status(leaseId)).timeline.map((entry) => entry.what).join('\n')), `${leaseId} is told ${what.source}`)
const give = async ({ leaseId, key }: Lease) => {
  await it.client.workflow.getHandle(leaseId).executeUpdate(releaseUpdate, { args: [{ key, by: { uid: 'mika' } }] })
  await it.client.workflow.getHandle(leaseId).result()
}
const page = async ({ place }: Lease) => (await fetch(`http://127.0.0.1:${place.hostPorts[0]}/`)).text()

test('a container whose process is killed runs again on its port', async () => {
  const lease = await ready('web')
  process.kill((await lease.container.inspect()).State.Pid, 'SIGKILL')
  await told(lease, /ended by itself \(exit code 137\); starts again\n(.*\n)*runs again/)
  expect(await page(lease)).toContain('Hello from Berth')
  expect((await it.status(lease.leaseId)).place).toEqual(lease.place)
  await give(lease)
})

test('one that is removed behind our back is made anew', async () => {
  const lease = await ready('web')
  // The watch finds it removed whether it had seen it before or not.
  await lease.container.remove({ force: true })
  await told(lease, /somebody removed it .*; starts again\n(.*\n)*runs again/)
  expect(await page(lease)).toContain('Hello from Berth')
  await give(lease)
})

test('one that somebody restarted, and that runs on its ports, is let alone', async () => {
  const lease = await ready('web')
  const before = (await lease.container.inspect()).State.StartedAt
  await eventually(async () => (await it.status(lease.leaseId)).idle?.since, 'the watch knows it')
  await lease.container.restart({ t: 0 })
  await eventually(async () => (await it.status(lease.leaseId)).idle?.sentence.startsWith('in use'), 'the watch has seen the new process')
  expect(await page(lease)).toContain('Hello from Berth')
  expect((await lease.container.inspect()).State.StartedAt > before).toBe(true)
  expect((await it.status(lease.leaseId)).phase).toBe('ready')
  await give(lease)
})

test('one that needs more memory than it has is told to have', async () => {
  const lease = await ready('hog')
  await told(lease, /used more memory than it has \(exit code 137/)
  await give(lease)
})

test('one that nobody visits is found idle', async () => {
  const lease = await ready('web')
  const idle = await eventually(async () => {
    const seen = (await it.status(lease.leaseId)).idle
    return seen?.since !== undefined && seen
  }, 'the lease knows')
  expect(idle.sentence).toMatch(/^idle for .*: cpu 0(\.\d)? % \(under 1 %\), nothing sent for .*, no terminal$/)
  await give(lease)
})
