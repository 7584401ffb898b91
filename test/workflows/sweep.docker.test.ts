import { randomUUID } from 'node:crypto'
import { Resolver } from 'node:dns/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { reserved } from '../../activities/labels.ts'
import { ownerData } from '../../activities/rfc2136/owner.ts'
import { type WireRecord, txtData } from '../../activities/rfc2136/encode.ts'
import { createRfc2136Names } from '../../activities/rfc2136/names.ts'
import { createHostSteps } from '../../activities/steps/host.ts'
import { createNameSteps } from '../../activities/steps/names.ts'
import { webImage } from '../../worker/embedded/image.ts'
import { coreQueue, releaseUpdate, sweepByHandId } from '../../workflows/contract.ts'
import { fqdn } from '../../workflows/rules/naming.ts'
import type { SweepReport } from '../../workflows/sweep/terms.ts'
import { type Lab, freePort, openLab } from '../ports/docker/lab.ts'
import { isThere, leaveVolume } from '../ports/docker/volume.ts'
import { txt, write } from '../ports/names.rfc2136.ts'
import { newKey, testMarks } from '../ports/names.suite.ts'
import { type TestNameserver, startNameserver } from '../ports/nameserver.ts'
import { type World, eventually, world } from './harness.ts'
import { campus } from './terms.ts'

const foreign = 100
let lab: Lab, of: TestNameserver, names: ReturnType<typeof createRfc2136Names>, it: World
beforeAll(async () => {
  lab = openLab()
  of = await startNameserver('knot')
  names = createRfc2136Names({ zones: { [of.zone]: of }, marks: lab.marks })
  const base = await freePort()
  it = await world({
    hosts: ['h1'], host: { ports: [base, Math.min(65_535, base + 20)] },
    entitlement: { sites: [{ ...campus, hosts: ['h1'], zone: of.zone }], images: [{ name: 'web', reference: webImage, ports: [80] }], memory: 64 << 20, cpu: 0.5 },
    steps: (core) => ({ ...core, ...createNameSteps({ names }) }),
    hostSteps: () => createHostSteps({ runtime: lab.runtime, openEnv: () => ({}) }),
  })
})
afterAll(async () => {
  await it.stop()
  await names.close()
  await of[Symbol.asyncDispose]()
  await lab.close()
})

const ready = async (name: string, member: string) => {
  const receipt = await it.lend(member, { name, cpu: 0.25, memory: 32 << 20 })
  await it.until(receipt.leaseId, 'ready')
  return receipt
}
const sweep = () => it.client.workflow.execute('sweep', {
  workflowId: sweepByHandId(randomUUID()), taskQueue: coreQueue, args: [{ mode: 'enforce', youngMs: 0, yesRemove: 10_000 }],
}) as Promise<SweepReport>

test('an enforcing sweep among foreign containers and records, some with forged marks, takes its own leftover and touches nothing else', async () => {
  const { docker, marks, instance } = lab, label = `sweep-${instance}`
  const kept = await ready('kept', 'mika'), left = await ready('left', 'noor')
  const containers = await docker.listContainers({ filters: { label: [`${reserved.instance}=${instance}`] } })
  const copied = containers.find(({ Labels }) => Labels[reserved.key] === kept.key)!.Labels
  const forged = (key: string) => ({ ...copied, [reserved.key]: key, [reserved.proof]: '0'.repeat(40) })
  const made: string[] = []
  try {
    for (let i = 0; i < foreign; i++) {
      const key = newKey()
      // Nothing of ours; our labels on another name; a forged proof under a name like ours.
      const [name, labels] = i % 3 === 0 ? [`${label}-${i}`, {}] : i % 3 === 1 ? [`${label}-${i}`, copied] : [`berth-${instance}-${key}-1`, forged(key)]
      const { id } = await docker.createContainer({ name, Image: webImage, Labels: { ...labels, [label]: 'x' } })
      made.push(id)
    }
    const records = Array.from({ length: foreign }, (_, i): WireRecord => {
      const key = newKey(), owner = { zone: of.zone, label: `f${i}-${key.slice(0, 6)}`, key, number: 1 }
      const data = i % 4 === 0 ? txtData(['v=foreign']) : i % 4 === 1 ? ownerData(marks, { ...owner, label: 'elsewhere', key: left.key }, ['_http'])
        : i % 4 === 2 ? ownerData(testMarks('other'), owner, ['_http']) : txtData(['berth=1', `i=${instance}`, `k=${key}`, 'n=1', `p=${'0'.repeat(40)}`, 's=_http'])
      return txt(fqdn(owner.label, of.zone), data)
    })
    for (let at = 0; at < records.length; at += 25) await write(of, records.slice(at, at + 25))
    await it.client.workflow.getHandle(left.leaseId).terminate('by an admin')
    const whose = { kept: { ...kept, number: 1, member: 'mika' }, left: { ...left, number: 1, member: 'noor' } }
    const volumes = [await leaveVolume(lab, whose.kept), await leaveVolume(lab, whose.left, { forName: 'another' }), await leaveVolume(lab, whose.left)]
    await eventually(async () => (await it.client.workflow.count(`WorkflowId = '${left.leaseId}' AND ExecutionStatus = 'Terminated'`)).count === 1, 'its end is listed')

    const report = await sweep()
    // Of each lease a container, a name and a volume, of each account a network, which goes with its last container.
    expect(report).toMatchObject({ removed: 2, failed: 0, ours: 8, silent: [] })
    expect(report.findings.map(({ what, key }) => `${what} ${key}`).sort()).toEqual(['container', 'name', 'place'].map((what) => `${what} ${left.key}`))
    const there = new Set((await docker.listContainers({ all: true, filters: { label: [label] } })).map(({ Id }) => Id))
    expect(made.filter((id) => !there.has(id))).toEqual([])
    expect(await names.list(of.zone)).toMatchObject([{ key: kept.key }])
    const resolver = new Resolver()
    resolver.setServers([`127.0.0.1:${of.server.port}`])
    for (const { name } of records) expect(await resolver.resolveTxt(name)).toHaveLength(1)
    expect((await it.status(kept.leaseId)).phase).toBe('ready')
    // The volume goes once its container is gone.
    expect(await sweep()).toMatchObject({ removed: 1, failed: 0, ours: 5 })
    expect(await Promise.all(volumes.map((name) => isThere(lab, name)))).toEqual([true, true, false])
    expect(await sweep()).toMatchObject({ removed: 0, ours: 4 })
  } finally {
    for (const id of made) await docker.getContainer(id).remove({ force: true }).catch(() => undefined)
    await it.client.workflow.getHandle(kept.leaseId).executeUpdate(releaseUpdate, { args: [{ key: kept.key, by: { uid: 'mika' } }] })
    await it.client.workflow.getHandle(kept.leaseId).result()
  }
}, 180_000)
