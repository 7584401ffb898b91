/** What the API server's errors mean. */
import { ApiException } from '@kubernetes/client-node'
import { CannotRun, NoRoom, PortTaken } from '../../workflows/ports.ts'

/** The cluster is down, or went away in mid-call: whether it did the work is unknown. */
export class ClusterAway extends Error {
  override name = 'ClusterAway'
}

export const codeOf = (error: unknown): number | undefined => error instanceof ApiException ? error.code : undefined

interface Status {
  readonly message?: string
  readonly reason?: string
}

/** The server's own account of it; its body is a string (client-node 2). */
function statusOf(error: unknown): Status {
  if (!(error instanceof ApiException)) return {}
  try {
    const body: unknown = typeof error.body === 'string' ? JSON.parse(error.body) : error.body
    return typeof body === 'object' && body !== null ? body as Status : {}
  } catch {
    return { message: String(error.body) }
  }
}

export const reasonOf = (error: unknown): string => statusOf(error).reason ?? ''

/** The cluster's own words, short enough for a sentence; no address of it is in them. */
export function saidBy(error: unknown): string {
  const said = error instanceof ApiException ? statusOf(error).message ?? `HTTP ${error.code}` : error instanceof Error ? rootOf(error) : String(error)
  return shorten(said)
}

const mostChars = 300

/** Without addresses, on one line, and not endless. */
export function shorten(text: string): string {
  const line = text.replace(/https?:\/\/[^\s"']+/g, '…').replace(/\b\d{1,3}(\.\d{1,3}){3}(:\d+)?\b/g, '…').replace(/\s+/g, ' ').trim()
  return line.length > mostChars ? `${line.slice(0, mostChars - 1)}…` : line
}

/** fetch wraps what happened: `fetch failed` says nothing. */
function rootOf(error: Error): string {
  let at = error
  while (at.cause instanceof Error) at = at.cause
  const code = (at as { code?: unknown }).code
  return typeof code === 'string' && !at.message.includes(code) ? `${at.message} (${code})` : at.message
}

/** The call did not reach the server, or the connection broke: fetch's own kind of error. */
export const isAway = (error: unknown): boolean => error instanceof TypeError && error.message === 'fetch failed'

/** 429 and 5xx pass by themselves; so does a webhook that does not answer (500). */
export const isBusy = (error: unknown): boolean => [429, 500, 502, 503, 504].includes(codeOf(error) ?? 0)

export const isTerminating = (error: unknown): boolean => codeOf(error) === 403 && /being terminated/.test(saidBy(error))

/** By the Service's own validation: held by another Service, or outside of the server's range. */
const isPortHeld = (said: string): boolean => /provided port is already allocated/.test(said)

/**
 * The server's answer to an apply, as one of the port's errors where no retry mends it; otherwise one sentence around the
 * same error.
 */
export function meant(error: unknown, hostPorts: readonly number[]): Error {
  const said = saidBy(error), code = codeOf(error)
  if (code === 422 && isPortHeld(said)) {
    const named = hostPorts.filter((port) => new RegExp(`Invalid value: ${port}\\b`).test(said))
    const ports = named.length > 0 ? named : hostPorts
    return new PortTaken(ports, `Node port ${ports.join(', ')} is held by something that is not Berth's.`)
  }
  if (code === 422 && /not in the valid range/.test(said)) {
    return new Error(`The cluster gives out no such node port; host.ports has to lie within its range (${said}).`, { cause: error })
  }
  if (code === 403 && /exceeded quota/.test(said)) return new NoRoom(`the cluster's quota is used up: ${said}`)
  if (code === 403 && /violates PodSecurity/.test(said)) return new CannotRun('badCommand', `The cluster does not admit it: ${said}`)
  if (isWebhookDenial(said)) return new CannotRun('badCommand', `The cluster does not admit it: ${said}`)
  return error instanceof Error ? new Error(said, { cause: error }) : new Error(said)
}

export const isWebhookDenial = (said: string): boolean => /admission webhook .* denied the request/.test(said)
