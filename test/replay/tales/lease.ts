import {
  drainUpdate, extendUpdate, holdUpdate, keepUpdate, logsUpdate, reachUpdate, revokeSignal, siteId, unreachUpdate,
} from '../../../workflows/contract.ts'
import { createReader } from '../../../worker/keys/letter.ts'
import { eventually } from '../../workflows/harness.ts'
import { campus } from '../../workflows/terms.ts'
import type { Tale } from '../tales.ts'
import { lent, minute, returned, says, second, seen, told, untilNewRun } from './say.ts'

const mika = { uid: 'mika' }

const time: Tale = {
  tells: ['lease.due', 'lease.extended', 'lease.revoked', 'lease.continued'],
  world: { entitlement: { warnMs: [2 * second, second] } },
  async tell(it) {
    const due = await lent(it, 'mika', { name: 'due', forMs: 4 * second })
    const longer = await lent(it, 'mika', { name: 'longer', forMs: 20 * minute })
    const { key } = longer
    await told(it, longer, extendUpdate, { key, requestId: 'r1', by: mika })
    await told(it, longer, extendUpdate, { key, requestId: 'r2', by: mika }).catch(() => undefined) // refused: too early
    await told(it, longer, holdUpdate, { key, by: { uid: 'root', admin: true }, until: Date.now() + 300 * minute, reason: 'a paper' })
    await told(it, longer, keepUpdate, { key, by: mika, until: Date.now() + 30 * minute })
    await told(it, longer, logsUpdate, { key, by: mika, lines: 3 })
    await returned(it, longer, 'mika')
    const revoked = await lent(it, 'mika', { name: 'revoked' })
    const revoke = (word: object) => it.client.workflow.getHandle(revoked.leaseId).signal(revokeSignal, { key: revoked.key, by: 'root', reason: 'as the tale says', ...word })
    await revoke({ at: Date.now() + 30 * minute })
    await revoke({ lifted: true })
    await revoke({ at: Date.now() + 2 * second })
    await it.ended(revoked.leaseId)
    await it.ended(due.leaseId)

    const long = await lent(it, 'noor', { name: 'long' })
    await untilNewRun(it, long.leaseId, () => seen(it, long, { what: 'busy' }))
    await returned(it, long, 'noor')
    return {
      'lease.due': { workflowId: due.leaseId }, 'lease.extended': { workflowId: longer.leaseId }, 'lease.revoked': { workflowId: revoked.leaseId },
      'lease.continued': { workflowId: long.leaseId },
    }
  },
}

const life: Tale = {
  tells: ['lease.paused', 'lease.idle', 'lease.mended', 'lease.republished'],
  world: { entitlement: { idle: { noticeMs: second, pauseMs: 2 * second, deleteMs: 2 * second, cpuShare: 0.01 } } },
  async tell(it) {
    const idle = await lent(it, 'ada', { name: 'idle' })
    await seen(it, idle, { what: 'idle', since: Date.now() })
    const paused = await lent(it, 'mika', { name: 'paused' })
    await it.asleep(paused)
    await it.wake(paused)
    await says(it, paused, /^resumed$/)
    await returned(it, paused, 'mika')
    const mended = await lent(it, 'mika', { name: 'mended' }), { engine } = it.runtimes['h1']!
    engine.die(mended, 3)
    await seen(it, mended, { what: 'died' })
    await says(it, mended, /^runs again$/)
    await returned(it, mended, 'mika')
    const moved = await lent(it, 'mika', { name: 'ports' })
    await seen(it, moved, { what: 'ports moved', hostPorts: [29_999] })
    await says(it, moved, /29999/)
    await returned(it, moved, 'mika')
    await it.ended(idle.leaseId)
    return {
      'lease.paused': { workflowId: paused.leaseId }, 'lease.idle': { workflowId: idle.leaseId }, 'lease.mended': { workflowId: mended.leaseId },
      'lease.republished': { workflowId: moved.leaseId },
    }
  },
}

/** Each does something while its time goes by: a host that does not answer keeps the last one from it to its end. */
const inTime: Tale = {
  tells: ['lease.woken-in-time', 'lease.ended-while-mended'],
  world: {},
  async tell(it) {
    const woken = await lent(it, 'mika', { name: 'woken' }), { engine } = it.runtimes['h1']!
    await it.asleep(woken)
    await it.wake(woken)
    await says(it, woken, /^resumed$/)
    await returned(it, woken, 'mika')
    const mended = await lent(it, 'mika', { name: 'mended', forMs: 4 * second })
    engine.away = true
    await seen(it, mended, { what: 'died' })
    await says(it, mended, /^ends: its time was over/)
    engine.away = false
    await it.ended(mended.leaseId)
    return { 'lease.woken-in-time': { workflowId: woken.leaseId }, 'lease.ended-while-mended': { workflowId: mended.leaseId } }
  },
}

const trouble: Tale = {
  tells: ['lease.refused', 'lease.port-taken'],
  world: { images: { 'web:1': 'runs', 'tools:1': 'badCommand' } },
  async tell(it) {
    it.runtimes['h1']!.engine.occupied.add(21_000)
    const elsewhere = await lent(it, 'mika', { name: 'elsewhere' })
    await returned(it, elsewhere, 'mika')
    const refused = await it.lend('mika', { name: 'refused', image: 'tools' })
    await it.ended(refused.leaseId)
    return { 'lease.port-taken': { workflowId: elsewhere.leaseId }, 'lease.refused': { workflowId: refused.leaseId } }
  },
}

const lost: Tale = {
  tells: ['lease.moved'],
  world: { hosts: ['h1', 'h2'] },
  async tell(it) {
    const moved = await lent(it, 'mika', { name: 'moved' })
    const { host } = await it.status(moved.leaseId)
    await it.roles.hosts[host!]!.stop()
    await seen(it, moved, { what: 'host lost' })
    await says(it, moved, /^ready again/)
    it.roles.hosts[host!] = await it.startHost(host!)
    await eventually(() => it.runtimes[host!]!.engine.containers.size === 0, 'nothing is left on the lost host')
    await returned(it, moved, 'mika')
    return { 'lease.moved': { workflowId: moved.leaseId } }
  },
}

const drained: Tale = {
  tells: ['lease.drained', 'site.drained'],
  world: { hosts: ['h1', 'h2'], entitlement: { sites: [{ ...campus, drain: 'move' }] } },
  async tell(it) {
    const lease = await lent(it, 'mika', { name: 'drained' }), { host } = await it.status(lease.leaseId)
    await it.client.workflow.getHandle(siteId('campus')).executeUpdate(drainUpdate, { args: [{ host: host!, drain: true, by: 'root' }] })
    await says(it, lease, new RegExp(`^ready on ${host === 'h1' ? 'h2' : 'h1'}$`))
    await eventually(() => it.runtimes[host!]!.engine.containers.size === 0, 'nothing is left on the host')
    await returned(it, lease, 'mika')
    return { 'lease.drained': { workflowId: lease.leaseId }, 'site.drained': { workflowId: siteId('campus') } }
  },
}

const cluster: Tale = {
  tells: ['lease.no-room', 'lease.readdressed', 'lease.replaced'],
  world: { host: { runtime: 'kubernetes', address: '192.0.2.1', addresses: ['192.0.2.1', '192.0.2.2'] }, clocks: { roomAgainMs: second } },
  async tell(it) {
    const readdressed = await lent(it, 'mika', { name: 'readdressed', on: 'kubernetes' }), { engine } = it.runtimes['h1']!
    await seen(it, readdressed, { what: 'addresses moved', addresses: ['192.0.2.2', '192.0.2.3'] })
    await says(it, readdressed, /is reached at/)
    await returned(it, readdressed, 'mika')
    const replaced = await lent(it, 'mika', { name: 'replaced', on: 'kubernetes' })
    await seen(it, replaced, { what: 'replaced', id: 'another', evidence: 'Evicted: low on memory' })
    await says(it, replaced, /another container in its place/)
    await returned(it, replaced, 'mika')
    engine.noRoom = 'the cluster has no room: 0/1 nodes are available: 1 Insufficient cpu.'
    const noRoom = await it.lend('mika', { name: 'no-room' })
    await says(it, noRoom, /^waits in line/)
    await eventually(async () => (await it.status(noRoom.leaseId)).number! > 2, 'it has been tried again')
    engine.noRoom = undefined
    await it.until(noRoom.leaseId, 'ready')
    await returned(it, noRoom, 'mika')
    return { 'lease.no-room': { workflowId: noRoom.leaseId }, 'lease.readdressed': { workflowId: readdressed.leaseId }, 'lease.replaced': { workflowId: replaced.leaseId } }
  },
}

const reached: Tale = {
  tells: ['lease.reached'],
  world: { host: { runtime: 'kubernetes' } },
  async tell(it) {
    const lease = await lent(it, 'mika', { name: 'reached' }), { key } = lease, ask = () => told(it, lease, reachUpdate, { key, by: mika, to: createReader().key })
    await ask()
    await told(it, lease, unreachUpdate, { key, by: mika })
    await ask()
    it.reaches['h1']!.faults.arm({ verb: 'revoke', when: 'before', error: () => new Error('The cluster does not answer.') })
    await it.client.workflow.getHandle(lease.leaseId).signal(revokeSignal, { key, by: 'root', reason: 'as the tale says', at: Date.now() + 30 * minute })
    await says(it, lease, /^nobody has a kubeconfig .*as the tale says/)
    await ask().catch(() => undefined) // refused: its right is lost
    await returned(it, lease, 'mika')
    return { 'lease.reached': { workflowId: lease.leaseId } }
  },
}

export const leaseTales: readonly Tale[] = [time, life, inTime, trouble, lost, drained, cluster, reached]
