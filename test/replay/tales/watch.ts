import { cancelled } from '@temporalio/activity'
import { ApplicationFailure } from '@temporalio/common'
import { coreQueue, stopWatchSignal } from '../../../workflows/contract.ts'
import type { HostSteps, WatchOrder, WatchSteps } from '../../../workflows/steps.ts'
import { eventually } from '../../workflows/harness.ts'
import type { Tale } from '../tales.ts'

/** The second rotation of all is cut off; the last goes on until the watch is stopped. */
const lastRotation = 15

function fakeWatch() {
  const orders: WatchOrder[] = []
  const steps: WatchSteps = {
    async watchHost(order) {
      orders.push(order)
      if (orders.length === 2) throw ApplicationFailure.create({ message: 'The worker fell over.' })
      if (orders.length >= lastRotation) await cancelled()
      return { watched: {}, sentence: `rotation ${orders.length}` }
    },
  }
  return { orders, steps }
}

const fake = fakeWatch()

const rotations: Tale = {
  tells: ['watch.rotates', 'watch.stopped'],
  world: { hostSteps: (steps): HostSteps => ({ ...steps, ...fake.steps }) },
  async tell(it) {
    const workflowId = 'watch:tale'
    const { firstExecutionRunId } = await it.client.workflow.start('watch', { workflowId, taskQueue: coreQueue, args: [{ host: 'h1', site: 'campus' }] })
    await eventually(() => fake.orders.length >= lastRotation, 'the last rotation')
    await it.client.workflow.getHandle(workflowId).signal(stopWatchSignal)
    await it.client.workflow.getHandle(workflowId).result()
    return { 'watch.rotates': { workflowId, runId: firstExecutionRunId }, 'watch.stopped': { workflowId } }
  },
}

export const watchTales: readonly Tale[] = [rotations]
