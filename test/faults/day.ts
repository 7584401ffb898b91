/** 24 hours' worth of lends in one run: memory, stuck workflows, the length of histories. */
import { readFileSync } from 'node:fs'
import type { Client } from '@temporalio/client'
import { passThrough, tellPassed } from './crowd.ts'
import { disposable, stage } from './stage.ts'
import { type Trial, atMost, none } from './trial.ts'

/** Runs are continued as new well before this: the longest is an entity's (2,000 events) and what a task adds to it. */
const longestRun = 2_600

export const day: Trial = {
  name: 'day',
  promise: '24 hours\' worth of lends in one run (2,000): worker memory flat, no stuck workflow, histories bounded',
  async run(it) {
    const count = it.quick ? 100 : 2_000
    await using berth = disposable(await stage(it, { slots: 60 }))
    const worker = await berth.begin(), memory: { readonly begun: number; readonly mebi: number }[] = []
    const sample = setInterval(() => memory.push({ begun, mebi: residentMebi(worker.pid) }), 500)
    let begun = 0
    const passed = await passThrough(berth, { count, atOnce: 16, keptMs: 0, during: (at) => { begun = at } }).finally(() => clearInterval(sample))
    tellPassed(it, 'day', passed, count)
    const tenth = (from: number) => median(memory.filter((one) => one.begun >= count * from && one.begun < count * (from + 0.1)).map(({ mebi }) => mebi))
    const second = tenth(0.1), last = tenth(0.9)
    it.tell(atMost('day.memory', last / second, { most: 1.1, unit: 'x', note: `last tenth ${Math.round(last)} Mi, second tenth ${Math.round(second)} Mi, medians of ${memory.length} samples of the worker's resident memory` }))
    await berth.account('day', { withinMs: 120_000 })
    it.tell(none('day.longest_history', Math.max(0, await longest(berth.client()) - longestRun), `events beyond ${longestRun} in any run`))
  },
}

/** The longest run, as visibility says. */
async function longest(client: Client): Promise<number> {
  let most = 0
  for await (const { historyLength } of client.workflow.list()) most = Math.max(most, historyLength)
  return most
}

const residentMebi = (pid: number): number => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024
const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN
