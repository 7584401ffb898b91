/** The workflow bundle: made once per process and shared by its workers; with traces it is another one. */
import { fileURLToPath } from 'node:url'
import { bundleWorkflowCode, type WorkflowBundleWithSourceMap } from '@temporalio/worker'
import { say } from './log.ts'

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** Interceptors that every story runs under; replay needs the same ones. */
export const workflowInterceptorModules: string[] = [at('../workflows/onTime.ts')]

const workflowsPath = at('../workflows/index.ts')

type Made = Promise<WorkflowBundleWithSourceMap>
const made: { plain?: Made; traced?: Made } = {}

export function workflowBundle({ traced = false } = {}): Made {
  return made[traced ? 'traced' : 'plain'] ??= bundleWorkflowCode({
    workflowsPath,
    // Loaded once, frozen, and shared by all stories, instead of once per story: it takes a fifth off a lend's cpu in the
    // worker. Sound because no module in workflows/ keeps anything that changes at its top level.
    preloadModules: [workflowsPath],
    workflowInterceptorModules: traced ? [...workflowInterceptorModules, at('../workflows/traces.ts')] : workflowInterceptorModules,
    // A ready-made bundle takes no converter from its worker: without this, refusals of stories are in clear.
    failureConverterPath: at('../workflows/failures.ts'),
    logger: { log() {}, trace() {}, debug() {}, info() {}, warn: (message) => say('warn', message), error: (message) => say('error', message) },
  })
}
