/** What the engine's errors mean (dockerd 20.10 and 26.1; facts in its messages, since its status codes are coarse). */
import { CannotRun, PortTaken } from '../../workflows/ports.ts'

/** HTTP status of a dockerode error. */
export const statusOf = (error: unknown): number | undefined => (error as { statusCode?: number } | undefined)?.statusCode

/** What the engine said, without dockerode's frame around it. */
export function saidBy(error: unknown): string {
  const said = (error as { json?: { message?: unknown } } | undefined)?.json?.message
  return (typeof said === 'string' ? said : error instanceof Error ? error.message : String(error)).trim()
}

/** The engine is down, or went away in mid-call: whether it did the work is unknown. */
export class EngineAway extends Error {
  override name = 'EngineAway'
}

/** The call did not reach the engine, or the connection broke. */
export function isAway(error: unknown): boolean {
  const code = (error as { code?: unknown } | undefined)?.code
  return typeof code === 'string' && ['ECONNREFUSED', 'ECONNRESET', 'ENOENT', 'EPIPE', 'EACCES', 'ETIMEDOUT'].includes(code)
}

export const isImageMissing = (error: unknown): boolean => statusOf(error) === 404 && /no such image/i.test(saidBy(error))

/** The account's network went away, or stands there twice: both are mended by making sure of it again. */
export const isNetworkWrong = (error: unknown): boolean => /network \S+ (not found|is ambiguous)/.test(saidBy(error))

/**
 * An engine that was killed in the middle of a start left something of this container behind below itself (containerd),
 * and then no start of it ever succeeds (seen on 20.10: "task <id>: already exists", or "failed to start shim: mkdir …" once
 * its shim is gone too).
 */
export const isLeftHalf = (error: unknown): boolean => /task \S+: already exists|failed to start shim: mkdir \S+: file exists/.test(saidBy(error))

/** The engine failed by itself: what it says names nothing that `meant` knows. */
export const isUnexplained = (error: unknown): boolean => statusOf(error) === 500

const full = 'The engine\'s disk is full: an admin has to make room.'
export const isFull = (error: unknown): boolean => saidBy(error) === full || /no space left on device|disk quota exceeded/i.test(saidBy(error))

/** A retry may mend it, so it is no refusal. */
export const diskFull = (error: unknown): Error => error instanceof Error && error.message === full ? error : new Error(full, { cause: error })

/** By the engine's own account; a foreign process is "address already in use". */
export const isHeldByEngine = (error: unknown): boolean => /port is already allocated/.test(saidBy(error))

export const isPortTaken = (error: unknown): boolean => isHeldByEngine(error) || /address already in use/.test(saidBy(error))

/**
 * The engine's answer to create or start, as one of the port's errors where no retry mends it; otherwise one sentence
 * around the same error. `hostPorts` are told as taken when the message names none of them.
 */
export function meant(error: unknown, hostPorts: readonly number[]): Error {
  const said = saidBy(error), status = statusOf(error)
  if (isFull(error)) return diskFull(error)
  if (isPortTaken(error)) {
    const named = hostPorts.filter((port) => new RegExp(`:${port}\\b`).test(said))
    const ports = named.length > 0 ? named : hostPorts
    return new PortTaken(ports, `Host port ${ports.join(', ')} is held by something that is not Berth's.`)
  }
  if (status === 400 && /minimum memory limit|range of cpus/i.test(said)) return new CannotRun('tooBig', `${said}.`)
  if (status === 400 && /invalid reference format/i.test(said)) return new CannotRun('unknownImage', `No image can have this name: ${said}.`)
  // docker-init is the engine's own, so that it is missing is no fault of the command.
  if (status === 400 && !/docker-init/.test(said) && /no command specified|unable to start container process|exec format error/i.test(said)) {
    return new CannotRun('badCommand', `The command cannot be started: ${said.replace(/^.*start container process: /, '').replace(/: unknown$/, '')}.`)
  }
  if (/no available IPv4 addresses/i.test(said)) return new Error('The account\'s network on this host is full.', { cause: error })
  return error instanceof Error ? error : new Error(said)
}
