/** What the API server's errors mean. Errors go into logs and histories, causes and all: nothing raw is kept of them. */
import { ApiException } from '@kubernetes/client-node'
import { CannotRun, NoRoom, PortTaken } from '../../workflows/ports.ts'
import { type Denied, deniedBy } from './denied.ts'

/** The cluster is down, or went away in mid-call: whether it did the work is unknown. */
export class ClusterAway extends Error {
  override name = 'ClusterAway'
}

/** The cluster answered, and it was no. */
export class ClusterSaid extends Error {
  override name = 'ClusterSaid'
  readonly code: number
  /** The server's own word for it, like `AlreadyExists`. */
  readonly reason: string
  /** The right that was missing, if it was one. */
  readonly denied: Denied | undefined
  constructor({ code, reason = '', message }: { code: number; reason?: string | undefined; message: string }) {
    super(shorten(message))
    this.code = code
    this.reason = reason
    this.denied = code === 403 ? deniedBy(message) : undefined
  }
}

/** What may be shown of anything that a call to the cluster throws. */
export function cleaned(error: unknown): Error {
  if (error instanceof ApiException) {
    const { message, reason } = statusOf(error.body)
    return new ClusterSaid({ code: error.code, reason, message: message ?? `HTTP ${error.code}` })
  }
  if (isAway(error)) return new ClusterAway(`The cluster does not answer (${whyAway(error)}).`)
  if (!(error instanceof Error)) return new Error(shorten(String(error)))
  if (shorten(error.message) === error.message && error.cause === undefined) return error
  const clean = new Error(shorten(rootOf(error)))
  clean.name = error.name
  clean.stack = [`${error.name}: ${clean.message}`, ...(error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line))].join('\n')
  return clean
}

interface Status {
  readonly message?: string
  readonly reason?: string
}

/** The server's own account of it; its body is a string (client-node 2). */
function statusOf(raw: unknown): Status {
  try {
    const body: unknown = typeof raw === 'string' ? JSON.parse(raw) : raw
    return typeof body === 'object' && body !== null ? body as Status : {}
  } catch {
    return { message: String(raw) }
  }
}

export const codeOf = (error: unknown): number | undefined => error instanceof ClusterSaid || error instanceof ApiException ? error.code : undefined
export const deniedIn = (error: unknown): Denied | undefined => error instanceof ClusterSaid ? error.denied : undefined

/** The cluster's own words, short enough for a sentence; no address of it is in them. */
export const saidBy = (error: unknown): string => shorten(error instanceof ApiException ? cleaned(error).message : error instanceof Error ? rootOf(error) : String(error))

const mostChars = 300

const secret: readonly RegExp[] = [
  /https?:\/\/[^\s"']+/g,
  /\b\d{1,3}(\.\d{1,3}){3}(:\d+)?\b/g,
  /\[?\b([0-9a-f]{1,4}:){7}[0-9a-f]{1,4}\b(\](:\d+)?)?/gi,
  /\[?([0-9a-f]{1,4}(:[0-9a-f]{1,4})*)?::([0-9a-f]{1,4}(:[0-9a-f]{1,4})*)?(\](:\d+)?)?/gi,
  /\beyJ[\w-]+(\.[\w-]+)+/g,
]

/** Without addresses and tokens, on one line, and not endless. */
export function shorten(text: string): string {
  const line = secret.reduce((rest, one) => rest.replace(one, '…'), text).replace(/\s+/g, ' ').trim()
  return line.length > mostChars ? `${line.slice(0, mostChars - 1)}…` : line
}

/** fetch wraps what happened: `fetch failed` says nothing. */
function rootOf(error: Error): string {
  const at = innermost(error), code = (at as { code?: unknown }).code
  return typeof code === 'string' && !at.message.includes(code) ? `${at.message} (${code})` : at.message
}

function innermost(error: Error): Error {
  let at = error
  while (at.cause instanceof Error) at = at.cause
  return at
}

/** The call did not reach the server, or the connection broke: fetch's own kinds of error. */
export const isAway = (error: unknown): boolean => error instanceof TypeError && /^(fetch failed|terminated)$/.test(error.message)

/** In place of messages that name hosts and addresses. */
const wordsOf: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there',
  ENOTFOUND: 'its name is not known here',
  EAI_AGAIN: 'its name cannot be looked up here',
  ETIMEDOUT: 'no connection in time',
  UND_ERR_CONNECT_TIMEOUT: 'no connection in time',
  ECONNRESET: 'the connection broke',
  EPIPE: 'the connection broke',
  UND_ERR_SOCKET: 'the connection broke',
  EHOSTUNREACH: 'there is no way to it',
  ENETUNREACH: 'there is no way to it',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is not of the authority that the kubeconfig names',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is not of the authority that the kubeconfig names',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is not of the authority that the kubeconfig names',
}

function whyAway(error: unknown): string {
  const at = error instanceof Error ? innermost(error) : undefined
  // Of several addresses that were tried, the first says why.
  const code = at instanceof AggregateError ? (at.errors[0] as { code?: unknown } | undefined)?.code : (at as { code?: unknown } | undefined)?.code
  if (typeof code !== 'string') return shorten(at?.message ?? 'no answer')
  return code in wordsOf ? `${wordsOf[code]}: ${code}` : code
}

/** Nothing can be made in a namespace that is on its way out, or was gone before we came. */
export const isTerminating = (error: unknown): boolean =>
  (codeOf(error) === 403 && /being terminated/.test(saidBy(error))) || (codeOf(error) === 404 && /^namespaces? /.test(saidBy(error)))

/** By the Service's own validation: held by another Service. */
const isPortHeld = (error: unknown): boolean => codeOf(error) === 422 && /provided port is already allocated/.test(saidBy(error))

/** By the Service's own validation: no Service is ever given such a port. */
const isPortOutside = (error: unknown): boolean => codeOf(error) === 422 && /not in the valid range/.test(saidBy(error))

/**
 * The server's answer to an apply, as one of the port's errors where no retry mends it; otherwise the same error, or one
 * sentence around it.
 */
export function meant(error: unknown, hostPorts: readonly number[]): Error {
  const said = saidBy(error), code = codeOf(error)
  if (isPortHeld(error)) {
    const named = hostPorts.filter((port) => new RegExp(`Invalid value: ${port}\\b`).test(said))
    const ports = named.length > 0 ? named : hostPorts
    return new PortTaken(ports, `Node port ${ports.join(', ')} is held by something that is not Berth's.`)
  }
  if (isPortOutside(error)) return new Error(`The cluster gives out no such node port; host.ports has to lie within its range (${said}).`, { cause: error })
  if (code === 403 && isOverQuota(said)) return new NoRoom(`the cluster's quota is used up: ${said}`)
  if (isNotAdmitted(said)) return new CannotRun('badCommand', `The cluster does not admit it: ${said}`)
  if (code === 500 && /failed calling webhook/.test(said)) return new Error(`An admission webhook of the cluster does not answer, and an admin has to look at it: ${said}`, { cause: error })
  return error instanceof Error ? error : new Error(said)
}

const isOverQuota = (said: string): boolean => /exceeded quota/.test(said)

/** Pod Security, a webhook or a policy of the cluster says no, and will say so again. */
export const isNotAdmitted = (said: string): boolean =>
  /violates PodSecurity|admission webhook .* denied the request|ValidatingAdmissionPolicy .* denied request/.test(said)
