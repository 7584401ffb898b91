/** The workflow bundle: made once per process and shared by its workers. */
import { fileURLToPath } from 'node:url'
import { bundleWorkflowCode, type WorkflowBundleWithSourceMap } from '@temporalio/worker'

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** Interceptors that every story runs under; replay needs the same ones. */
export const workflowInterceptorModules: string[] = [at('../workflows/onTime.ts')]

let made: Promise<WorkflowBundleWithSourceMap> | undefined

export function workflowBundle(): Promise<WorkflowBundleWithSourceMap> {
  return made ??= bundleWorkflowCode({
    workflowsPath: at('../workflows/index.ts'),
    workflowInterceptorModules,
    // A ready-made bundle takes no converter from its worker: without this, refusals of stories are in clear.
    failureConverterPath: at('../workflows/failures.ts'),
    logger: { log() {}, trace() {}, debug() {}, info() {}, warn: console.warn, error: console.error },
  })
}
