/** How members reach the API: as Berth itself does, unless an admin has said where. */
import { readFileSync } from 'node:fs'
import type { KubeConfig } from '@kubernetes/client-node'
import { NoReach } from '../../workflows/ports.ts'

export interface Door {
  /** https://… */
  readonly server: string
  /** In PEM; absent where the authorities that everybody trusts are enough. */
  readonly authority?: string
  /** The name in the server's certificate, where it is not the one in `server`. */
  readonly tlsName?: string
}

/** Throws `NoReach` where that address would lead members nowhere, or anywhere. */
export function doorOf(kube: KubeConfig, server: string | undefined): Door {
  const own = kube.getCurrentCluster()
  // In a pod it is a Service's address, which is good inside of the cluster alone.
  const inside = kube.getCurrentUser()?.name === 'inClusterUser'
  if (!own || (inside && server === undefined)) throw new NoReach('Nobody has said where members reach the cluster: an admin sets host.kubernetes.server.')
  const at = server ?? own.server
  // A token is a password: it goes to nobody who cannot prove who it is.
  if (!at.startsWith('https://')) throw new NoReach('Members would reach the cluster without TLS: an admin sets host.kubernetes.server to an https:// address.')
  const authority = own.caData !== undefined ? Buffer.from(own.caData, 'base64').toString() : own.caFile !== undefined ? readFileSync(own.caFile, 'utf8') : undefined
  return {
    server: at, ...(authority !== undefined && { authority }),
    ...(server === undefined && own.tlsServerName !== undefined && { tlsName: own.tlsServerName }),
  }
}
