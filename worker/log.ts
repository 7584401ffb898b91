/** JSON lines on stderr: level, time, message, and what a line is about (lease id, host, …). One logger per process. */
import { types } from 'node:util'
import { DefaultLogger, type LogLevel, makeTelemetryFilterString, Runtime } from '@temporalio/worker'

export type Write = (line: string) => void

const toStderr: Write = (line) => void process.stderr.write(`${line}\n`)

interface Line {
  readonly level: string
  readonly message: string
  readonly fields?: Record<string, unknown>
  readonly at?: Date
}

/** `lease`: whose story speaks, or of which lease another one does. Errors become their message and stack, BigInts text. */
export function jsonLine({ level, message, fields = {}, at = new Date() }: Line): string {
  const { workflowId, leaseId, ...rest } = fields
  const own = typeof workflowId === 'string' && workflowId.startsWith('lease:') ? workflowId : undefined
  return JSON.stringify({ at: at.toISOString(), level, message, lease: leaseId ?? own, workflowId, ...rest }, plain)
}

function plain(_: string, value: unknown): unknown {
  // Also one from the sandbox of a story, which is no `Error` of ours.
  if (types.isNativeError(value)) return { name: value.name, message: value.message, stack: value.stack, ...(value.cause !== undefined && { cause: value.cause }) }
  return typeof value === 'bigint' ? String(value) : value
}

/** A line of a role itself. */
export const say = (level: 'info' | 'warn' | 'error', message: string, fields: Record<string, unknown> = {}): void => toStderr(jsonLine({ level, message, fields }))

export interface LogOptions {
  readonly level?: LogLevel
  readonly write?: Write
  /** Address for Prometheus, `127.0.0.1:9464`: the SDK's own metrics and those of the stories. */
  readonly metrics?: string
}

let installed = false

/** Once per process, before the first worker; a second call changes nothing. */
export function installRuntime({ level = 'INFO', write = toStderr, metrics }: LogOptions = {}): void {
  if (installed) return
  installed = true
  Runtime.install({
    logger: new DefaultLogger(level, ({ level, message, meta, timestampNanos }) => write(jsonLine({
      level: level.toLowerCase(), message, at: new Date(Number(timestampNanos / 1_000_000n)), ...(meta && { fields: meta as Record<string, unknown> }),
    }))),
    // Signals are `main.ts`'s business: it drains all roles in order.
    shutdownSignals: [],
    telemetryOptions: {
      // The SDK's core would write its own lines, in colour, past this logger.
      logging: { filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }), forward: {} },
      ...(metrics !== undefined && { metrics: { prometheus: { bindAddress: metrics } } }),
    },
  })
}
