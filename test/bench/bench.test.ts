import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { actionsOf } from './actions.ts'
import { median, medianInterval, quantile } from './quantiles.ts'

const run = promisify(execFile), program = join(import.meta.dirname, 'main.ts')

describe('the bench', () => {
  it('prints one object per measure, and a missed goal is no failure', { timeout: 180_000 }, async () => {
    const { stdout } = await run(process.execPath, [program, '--quick', '--only', 'lend_actions,lend_events', '--json'])
    const rows = stdout.trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(rows.map((row) => row['measure'])).toEqual(['lend_actions', 'lend_events'])
    for (const row of rows) {
      expect(row).toMatchObject({ value: expect.any(Number), unit: expect.any(String), goal: expect.stringMatching(/^[<>]= \d/), holds: expect.any(Boolean), note: expect.stringContaining('codec on') })
      expect(row['value']).toBeGreaterThan(5)
    }
  })

  it('names the measures that there are when it is asked for another', async () => {
    await expect(run(process.execPath, [program, '--only', 'lend_actoins'])).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining('lend_actions') })
  })

  it('counts what Temporal would bill: attempts of activities, two for a child, one for a signal where it arrives', () => {
    expect(actionsOf([
      { workflowExecutionStartedEventAttributes: {} },
      { workflowTaskScheduledEventAttributes: {} },
      { activityTaskScheduledEventAttributes: {} }, { activityTaskStartedEventAttributes: { attempt: 3 } }, { activityTaskCompletedEventAttributes: {} },
      { startChildWorkflowExecutionInitiatedEventAttributes: {} }, { childWorkflowExecutionStartedEventAttributes: {} },
      { signalExternalWorkflowExecutionInitiatedEventAttributes: {} }, { workflowExecutionSignaledEventAttributes: {} },
      { timerStartedEventAttributes: {} }, { timerCanceledEventAttributes: {} },
    ])).toBe(1 + 3 + 2 + 1 + 1)
    expect(actionsOf([{ workflowExecutionStartedEventAttributes: { parentWorkflowExecution: { workflowId: 'account:mika' } } }])).toBe(0)
  })

  it('takes quantiles by nearest rank, and the interval of a median by its order statistics', () => {
    const hundred = Array.from({ length: 100 }, (_, nth) => 100 - nth)
    expect([median(hundred), quantile(hundred, 0.99), quantile([7], 0.99)]).toEqual([50, 99, 7])
    expect(medianInterval(hundred)).toEqual([41, 61])
  })
})
