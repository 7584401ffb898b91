/** What a kubeconfig proves its user with, and until when. Nothing secret leaves this file. */
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { User } from '@kubernetes/client-node'
import type { Kube } from './kube.ts'

export interface Credentials {
  /** Completes "The cluster does not accept its …". */
  readonly what: 'client certificate' | 'token' | 'credential plugin' | 'password' | 'anonymous user'
  readonly until?: Date
  /** Its subject, as far as it says itself: `system:serviceaccount:berth-system:berth`. */
  readonly user?: string
  /** From a file that somebody keeps fresh, and that is read again and again. */
  readonly renewed?: true
}

export function credentialsOf(kube: Kube): Credentials {
  const user = kube.getCurrentUser()
  if (!user) return { what: 'anonymous user' }
  if (user.exec) return { what: 'credential plugin' }
  const token = tokenOf(user)
  if (token !== undefined) return { what: 'token', ...claimsOf(token), ...(!user.token && { renewed: true }) }
  const certificate = certificateOf(user)
  if (certificate) return { what: 'client certificate', until: certificate.validToDate, ...(commonName(certificate) !== undefined && { user: commonName(certificate)! }) }
  return { what: user.username ? 'password' : user.authProvider ? 'credential plugin' : 'anonymous user' }
}

/** "token, which was valid until 2026-11-20 10:00 UTC". */
export function sayCredentials({ what, until }: Credentials, now = Date.now()): string {
  return until === undefined ? what : `${what}, which ${until.getTime() <= now ? 'was' : 'is'} valid until ${sayDate(until)}`
}

export const sayDate = (at: Date): string => `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`

function tokenOf({ token, authProvider }: User): string | undefined {
  if (token) return token
  const file = (authProvider?.config as { tokenFile?: unknown } | undefined)?.tokenFile
  return typeof file === 'string' ? quietly(() => readFileSync(file, 'utf8').trim()) : undefined
}

/** Of a JSON web token, as service accounts have it; others say nothing. */
function claimsOf(token: string): { until?: Date; user?: string } {
  const claims = quietly(() => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { exp?: unknown; sub?: unknown })
  return {
    ...(typeof claims?.exp === 'number' && { until: new Date(claims.exp * 1000) }),
    ...(typeof claims?.sub === 'string' && { user: claims.sub }),
  }
}

const certificateOf = ({ certData, certFile }: User): X509Certificate | undefined =>
  certData || certFile ? quietly(() => new X509Certificate(certFile ? readFileSync(certFile) : Buffer.from(certData!, 'base64'))) : undefined

const commonName = ({ subject }: X509Certificate): string | undefined => /^CN=(.+)$/m.exec(subject)?.[1]

/** A credential that cannot be read says nothing of itself; the cluster will. */
function quietly<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
