/** JSON lines on stderr: level, time, message, and what a line is about (lease id, host, …). One logger per process. */
import { types } from 'node:util'

export type Write = (line: string) => void

export const toStderr: Write = (line) => void process.stderr.write(`${line}\n`)

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
