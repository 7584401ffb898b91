/** JSON lines on stderr: level, time, message, and what a line is about (lease id, host, …). One per process. */
import { DefaultLogger, type LogLevel, Runtime } from '@temporalio/worker'

export type Write = (line: string) => void

const toStderr: Write = (line) => void process.stderr.write(`${line}\n`)

/** Errors become their message and stack; BigInts and the like become text. */
export function jsonLine(level: string, message: string, fields: Record<string, unknown> = {}): string {
  const { workflowId, ...rest } = fields
  const lease = typeof workflowId === 'string' && workflowId.startsWith('lease:') ? { lease: workflowId } : {}
  return JSON.stringify({ at: new Date().toISOString(), level, message, ...lease, ...(workflowId !== undefined && { workflowId }), ...rest }, plain)
}

function plain(_: string, value: unknown): unknown {
  if (value instanceof Error) return { name: value.name, message: value.message, stack: value.stack, ...(value.cause !== undefined && { cause: value.cause }) }
  return typeof value === 'bigint' ? String(value) : value
}

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
    logger: new DefaultLogger(level, (entry) => write(jsonLine(entry.level.toLowerCase(), entry.message, entry.meta as Record<string, unknown>))),
    // Signals are `main.ts`'s business: it drains all roles in order.
    shutdownSignals: [],
    ...(metrics !== undefined && { telemetryOptions: { metrics: { prometheus: { bindAddress: metrics } } } }),
  })
}
