/** What every role has in common: a connection, a namespace of this instance, and an orderly end. */
import type { Connection } from '@temporalio/client'
import type { NativeConnection } from '@temporalio/worker'
import type { Keyring } from './keys/keyring.ts'
import type { Traces } from './traces.ts'

export interface RoleContext {
  readonly connection: NativeConnection | Connection
  readonly namespace: string
  readonly instance: string
  /** Key of the payload codec. */
  readonly payloads: Keyring
  /** Absent: nobody traces. */
  readonly traces?: Traces
}

/** Of a role that works on a queue. */
export interface WorkerContext extends RoleContext {
  readonly connection: NativeConnection
}

export interface RunningRole {
  /** Settles when the role has ended by itself or after `stop`; rejects when it failed. */
  readonly done: Promise<void>
  /** Lets what runs finish within a grace, then ends. */
  stop(): Promise<void>
}

/** How long activities may go on after the word to stop; longer ones are retried elsewhere. */
export const shutdownGrace = '10s'
