/** `retry`: an admin has what the lease waits to try again tried at once. The story itself does not notice. */
import { proxyActivities } from '@temporalio/workflow'
import type { Retried, WaitingStep } from '../contract.ts'
import { refuse, rootMessage } from '../refuse.ts'
import type { CoreSteps } from '../steps.ts'
import type { Caller } from '../terms.ts'
import { request } from '../timeouts.ts'
import { leaseIdOf } from './place.ts'
import { type LeaseState, tellTimeline } from './state.ts'

const { retryNow } = proxyActivities<CoreSteps>({ ...request, summary: 'Try at once what waits to be tried again' })

export async function retry(state: LeaseState, by: Caller): Promise<Retried> {
  let steps: readonly WaitingStep[]
  try {
    steps = await retryNow(leaseIdOf(state))
  } catch (error) {
    throw refuse('tryLater', `${rootMessage(error)} The lease is as before; try again in a minute.`)
  }
  const retried = steps.filter(({ is }) => is === 'retried')
  if (retried.length > 0) tellTimeline(state, `${by.uid} has tried again at once: ${retried.map(({ step }) => sayStep(step)).join(', ')}`, Date.now())
  return { steps, sentence: retriedSentence(state, steps) }
}

function retriedSentence({ input: { name }, phase, queue }: LeaseState, steps: readonly WaitingStep[]): string {
  if (steps.length > 0) return `${name}: ${steps.map(sayOne).join('; ')}.`
  return queue ? `${name} waits in line, where nothing can be tried again: ${queue.reason}.` : `${name} has nothing to try again; it is ${phase}.`
}

function sayOne({ step, is, failed, why }: WaitingStep): string {
  const before = failed === 0 ? '' : ` after ${failed} ${failed === 1 ? 'try' : 'tries'}${why === undefined ? '' : `, the last: ${why.replace(/\.$/, '')}`}`
  switch (is) {
    case 'retried': return `${sayStep(step)} is tried again now${before}`
    case 'running': return `${sayStep(step)} is under way${before}`
    case 'queued': return `${sayStep(step)} waits for a worker to take it up${before}`
  }
}

const words: Readonly<Record<string, string>> = {
  startContainer: 'starting its container', resumeContainer: 'waking its container', pauseContainer: 'stopping its container',
  removeContainer: 'removing its container', lookAtContainer: 'looking at its container', claimName: 'writing its name', releaseName: 'taking its name back',
}

const sayStep = (step: string): string => words[step] ?? step
