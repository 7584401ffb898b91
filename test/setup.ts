/** Starts once, for the whole run, what many test files share; stops it afterwards and removes its folder. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { startTemporal } from '../worker/embedded/temporal/start.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Address of a Temporal server that the whole run shares: each test file makes a namespace of its own on it. */
    temporal: string
  }
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dir = await mkdtemp(join(tmpdir(), 'berth-test-'))
  const temporal = await startTemporal({ dir, say: console.log })
  project.provide('temporal', temporal.address)
  return async () => {
    await temporal.stop()
    await rm(dir, { recursive: true, force: true })
  }
}
