/** Makes sure, before anything is lent, that the engine answers and the wall stands; remembers both for a while. */
import type { Client } from './client.ts'
import type { Facts } from './engine.ts'

/** After that the wall is raised again: somebody may have flushed the rules without the engine's knowing. */
const trustMs = 60_000

export interface Readiness {
  readonly client: Client
  readonly raise: () => Promise<void>
  /** Overrides what the engine says of docker-init. */
  readonly init: boolean | undefined
}

export function readiness({ client, raise, init }: Readiness): (signal?: AbortSignal) => Promise<Facts> {
  let now: Promise<Facts> | undefined, since = 0
  client.onLost(() => {
    now = undefined
  })

  async function read(): Promise<Facts> {
    const [said] = await Promise.all([
      client.ask('say what it is', () => client.docker.info() as Promise<Info>),
      raise(),
    ])
    // Without docker-init the engine says "N/A"; a build without a commit id says nothing.
    return { cpu: said.NCPU, memory: said.MemTotal, init: init ?? said.InitCommit?.ID !== 'N/A' }
  }

  function readAnew(): Promise<Facts> {
    since = performance.now()
    const mine = read()
    mine.catch(() => {
      if (now === mine) now = undefined
    })
    return mine
  }

  return async (signal) => {
    signal?.throwIfAborted()
    if (!now) now = readAnew()
    // A start does not wait for the regular check; if that fails, the next one does.
    else if (performance.now() - since > trustMs) void readAnew().catch(() => { now = undefined })
    return await now
  }
}

interface Info {
  readonly NCPU: number
  readonly MemTotal: number
  readonly InitCommit?: { readonly ID: string }
}
