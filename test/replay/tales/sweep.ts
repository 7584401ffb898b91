import { confirmSignal, coreQueue, sweepQuery } from '../../../workflows/contract.ts'
import type { SweepInput, SweepReport } from '../../../workflows/sweep/terms.ts'
import { eventually, newKey, type World } from '../../workflows/harness.ts'
import { campus } from '../../workflows/terms.ts'
import type { Tale } from '../tales.ts'
import { lent, minute, returned } from './say.ts'

/** A container and a name with our mark that no lease knows. */
async function leave(it: World): Promise<void> {
  const key = newKey()
  await it.runtimes['h1']!.start({
    key, number: 1, member: 'mika', hostPorts: [], spec: { image: 'web', reference: 'web:1', cpu: 1, memory: 2 ** 26, ports: [] },
  }, { heartbeat: () => {}, signal: new AbortController().signal })
  await it.names.claim({ zone: 'campus.test', label: `left-${key.slice(0, 6)}`, key, number: 1, address: '127.0.0.1', ports: [], ttlMs: 1_000 })
}

const begin = (it: World, workflowId: string, input: Partial<SweepInput>) =>
  it.client.workflow.start('sweep', { workflowId, taskQueue: coreQueue, args: [{ mode: 'report', youngMs: 0, ...input }] })

const leftovers: Tale = {
  tells: ['sweep.reports', 'sweep.stopped-and-confirmed'],
  world: { entitlement: { sites: [{ ...campus, hosts: ['h1'] }] } },
  async tell(it) {
    const kept = await lent(it, 'mika', { name: 'kept' })
    for (let at = 0; at < 8; at++) await leave(it)
    await (await begin(it, 'sweep:report', {})).result()
    const enforced = await begin(it, 'sweep:enforce', { mode: 'enforce', waitMs: 10 * minute })
    await eventually(async () => (await enforced.query(sweepQuery))?.asks, 'the brake has stopped it')
    await enforced.signal(confirmSignal, { remove: 100, by: 'root' })
    const { removed } = await enforced.result() as SweepReport
    if (removed === 0) throw new Error('The sweep removed nothing.')
    await returned(it, kept, 'mika')
    return { 'sweep.reports': { workflowId: 'sweep:report' }, 'sweep.stopped-and-confirmed': { workflowId: 'sweep:enforce' } }
  },
}

export const sweepTales: readonly Tale[] = [leftovers]
