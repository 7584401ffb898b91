/** The SDK's runtime with this process's logger: for processes with a worker, since it brings the SDK's native core. */
import { DefaultLogger, type LogLevel, makeTelemetryFilterString, Runtime } from '@temporalio/worker'
import { jsonLine, toStderr, type Write } from './log.ts'

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
