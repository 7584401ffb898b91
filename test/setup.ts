/** Starts once, for the whole run, what many test files share; stops it afterwards and removes its folder. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { engine } from '../worker/embedded/engine.ts'
import { buildImages } from '../worker/embedded/image.ts'
import { startTemporal } from '../worker/embedded/temporal/start.ts'
import { startBroker } from './kubernetes/broker.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Address of a Temporal server that the whole run shares: each test file makes a namespace of its own on it. */
    temporal: string
    /** Socket of a Docker engine that the whole run (and other runs on this machine) share, with both demo images. */
    engine: string
    /** Socket where Kubernetes clusters are asked for: `sharedCluster`. */
    clusters: string
  }
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dir = await mkdtemp(join(tmpdir(), 'berth-test-'))
  const started: { stop(): Promise<void> }[] = []
  const stop = async () => {
    await Promise.all(started.map((it) => it.stop()))
    await rm(dir, { recursive: true, force: true })
  }
  const keep = <T extends { stop(): Promise<void> }>(it: T): T => {
    started.push(it)
    return it
  }
  const parts = await Promise.allSettled([
    startBroker(dir).then(keep).then(({ socketPath }) => project.provide('clusters', socketPath)),
    startTemporal({ dir, say: console.log }).then(keep).then(({ address }) => project.provide('temporal', address)),
    engine().then(keep).then(async ({ socketPath }) => {
      await buildImages(socketPath)
      project.provide('engine', socketPath)
    }),
  ])
  const failed = parts.find((part) => part.status === 'rejected')
  if (!failed) return stop
  if (process.env['CI'] !== 'true') {
    // Tests that need no server still run; those that need this one fail.
    console.error(`Only a part of the tests can run: ${(failed.reason as Error).message}`)
    return stop
  }
  await stop()
  throw failed.reason
}
