/** The way to one engine: dockerode with a kept-alive agent, and a deadline on every call. */
import http from 'node:http'
import https from 'node:https'
import { inspect } from 'node:util'
import Docker from 'dockerode'
import { within } from '../deadline.ts'
import { EngineAway, diskFull, isAway, isFull, saidBy } from './failures.ts'

/** Where the engine listens: a socket beside us, or TCP with TLS (files' contents). */
export type EngineAddress =
  | { readonly socketPath: string }
  | { readonly host: string; readonly port: number; readonly ca: string; readonly cert: string; readonly key: string }

export interface Ask {
  /** Default 10 s. */
  readonly ms?: number
  readonly signal?: AbortSignal | undefined
}

export interface Client {
  readonly docker: Docker
  /** Opens a connection for each call. An engine that shuts down lets no new one in, and goes on answering on the others. */
  readonly fresh: Docker
  /** One call under a deadline; `what` completes "The engine did not …". */
  ask<T>(what: string, run: (abortSignal: AbortSignal) => Promise<T>, how?: Ask): Promise<T>
  /** Called when a call did not reach the engine: it may have restarted, so what was known of it is in doubt. */
  onLost(forget: () => void): void
  close(): void
}

// docker-modem writes its options out for a debug line before each request, agent, sockets and buffers included, also
// when nobody listens: several ms of cpu a call. An agent that shows itself as one word makes that cheap.
const brief = <A extends http.Agent>(agent: A): A => Object.assign(agent, { [inspect.custom]: () => 'Agent' })

export function connect(address: EngineAddress): Client {
  const local = 'socketPath' in address
  const agentThat = (how: http.AgentOptions) => brief(local ? new http.Agent(how) : new https.Agent(how))
  // The published types lack `agent`, which docker-modem takes (lib/modem.js, `this.agent = opts.agent`).
  const engineBy = (agent: http.Agent) => {
    const options = { ...address, agent, ...(!local && { protocol: 'https' as const }) }
    return new Docker(options)
  }
  const agent = agentThat({ keepAlive: true }), docker = engineBy(agent), fresh = engineBy(agentThat({ keepAlive: false }))
  const listeners: (() => void)[] = []
  return {
    docker, fresh,
    async ask(what, run, { ms = 10_000, signal } = {}) {
      try {
        return await within({ what, ms, signal }, run)
      } catch (error) {
        if (!isAway(error)) throw isFull(error) ? diskFull(error) : error
        for (const forget of listeners) forget()
        throw new EngineAway(`The engine does not answer (${saidBy(error)}).`, { cause: error })
      }
    },
    onLost: (forget) => void listeners.push(forget),
    close: () => agent.destroy(),
  }
}
