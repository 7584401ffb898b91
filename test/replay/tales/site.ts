import { drainUpdate, releaseUpdate, siteId } from '../../../workflows/contract.ts'
import { sayHostUp } from '../../../worker/host.ts'
import { eventually } from '../../workflows/harness.ts'
import type { Tale } from '../tales.ts'
import { lent, returned, says, second, told } from './say.ts'

const campus = { workflowId: siteId('campus') }

const line: Tale = {
  tells: ['site.two-hosts-and-a-line', 'lease.returned-in-line'],
  world: { hosts: ['h1', 'h2'], host: { cpu: 1, slots: 2, ports: [21_000, 21_001] }, clocks: { checkMs: 2 * second } },
  async tell(it) {
    const [one, two] = [await lent(it, 'mika', { name: 'one', cpu: 1 }), await lent(it, 'noor', { name: 'two', cpu: 1 })]
    const waits = await it.lend('ada', { name: 'waits', cpu: 1 }), tired = await it.lend('mika', { name: 'tired', cpu: 1 })
    await says(it, waits, /^waits in line/)
    await says(it, tired, /^waits in line/)
    await told(it, tired, releaseUpdate, { key: tired.key, by: { uid: 'mika' } })
    await it.ended(tired.leaseId)
    await returned(it, one, 'mika')
    await it.until(waits.leaseId, 'ready')
    await it.client.workflow.getHandle(campus.workflowId).executeUpdate(drainUpdate, { args: [{ host: 'h2', drain: true, by: 'root' }] })
    await returned(it, two, 'noor')
    await returned(it, waits, 'ada')
    await eventually(async () => (await it.board()).hosts.every(({ leases }) => leases.length === 0), 'all is free')
    return { 'site.two-hosts-and-a-line': campus, 'lease.returned-in-line': { workflowId: tired.leaseId } }
  },
}

const again: Tale = {
  tells: ['site.rebuilt'],
  world: { clocks: { checkMs: second } },
  async tell(it) {
    const before = await lent(it, 'mika', { name: 'before' })
    await it.client.workflow.getHandle(campus.workflowId).terminate('by the tale')
    const after = await it.lend('mika', { name: 'after' })
    await sayHostUp(it.client, {
      host: 'h1', site: 'campus', address: '127.0.0.1', cpu: 8, memory: 2 ** 33, slots: 50, ports: [21_000, 21_999], runtime: 'memory', boot: 'again',
    })
    await it.until(after.leaseId, 'ready')
    await returned(it, before, 'mika')
    await returned(it, after, 'mika')
    return { 'site.rebuilt': campus }
  },
}

export const siteTales: readonly Tale[] = [line, again]
