/** Whether Berth can lend on a cluster: asked once, before a host role says that it does. */
import type { RbacV1Subject, V1Service, VersionInfo } from '@kubernetes/client-node'
import type { Client } from './client.ts'
import { credentialsOf, sayCredentials, sayDate } from './credentials.ts'
import { sayRight } from './denied.ts'
import { codeOf, deniedIn, saidBy } from './failures.ts'
import { missingRights, NotFit } from './rights.ts'

/** Worth a line in the log. */
export interface Finding {
  readonly level: 'info' | 'warn'
  readonly says: string
}

/** The API server that this was tried on. */
const tested = { major: 1, minor: 36 }
/** Credentials that end sooner are worth a warning. */
const soonMs = 7 * 24 * 3_600_000

export interface Wanted {
  /** First and last node port that the site may lend. */
  readonly ports?: readonly [number, number] | undefined
  /** Registry credentials as Docker writes them. */
  readonly pullSecret?: string | undefined
  /** To whom Berth binds rights; undefined when it has them everywhere. */
  readonly self: () => Promise<RbacV1Subject | undefined>
}

/** Throws `NotFit`. */
export async function check(client: Client, { ports, pullSecret, self }: Wanted, now = Date.now()): Promise<readonly Finding[]> {
  if (pullSecret !== undefined) assertPullSecret(pullSecret)
  assertValid(client, now)
  try {
    const version = await client.ask('tell its version', ({ version }) => version.getCode(), { ms: 5_000, asIs: true })
    const to = await self(), missing = await missingRights(client, to)
    if (missing) throw missing
    const findings = await Promise.all([soon(client, now), older(version), ports && outsidePorts(client, ports, to), noMetrics(client)])
    return findings.filter((one) => one !== undefined)
  } catch (error) {
    throw error instanceof NotFit ? error : unfit(client, error)
  }
}

function assertPullSecret(text: string): void {
  let auths: unknown
  try {
    auths = (JSON.parse(text) as { auths?: unknown } | null)?.auths
  } catch {
    // Said below; the parser would quote the secret.
  }
  if (typeof auths !== 'object' || auths === null) {
    throw new NotFit('host.kubernetes.pullSecretFile is no config.json of Docker: it needs "auths", as docker login writes it.')
  }
}

// Credentials -------------------------------------------------------------------------------------------------------

function assertValid({ kube }: Client, now: number): void {
  const { what, until } = credentialsOf(kube)
  if (what === 'anonymous user') throw new NotFit(`The context ${kube.getCurrentContext()} of the kubeconfig names nobody with a certificate, a token or a plugin. ${renew}`)
  if (until && until.getTime() <= now) throw new NotFit(`The cluster does not accept Berth's ${what} any more: it was valid until ${sayDate(until)}. ${renew}`)
}

const renew = 'Get a new one from an admin of the cluster, and put it into the kubeconfig that host.kubernetes.kubeconfig names.'

function soon({ kube }: Client, now: number): Finding | undefined {
  const { what, until, renewed } = credentialsOf(kube)
  if (!until || renewed || until.getTime() - now > soonMs) return undefined
  return { level: 'warn', says: `Berth's ${what} for the cluster is valid only until ${sayDate(until)}.` }
}

// The API server ----------------------------------------------------------------------------------------------------

/** What kept questions from an answer. */
function unfit({ kube }: Client, error: unknown): Error {
  if (codeOf(error) === 401) return new NotFit(`The cluster does not accept Berth's ${sayCredentials(credentialsOf(kube))}. ${renew}`)
  return new NotFit(`${saidBy(error)} See from here, as Berth's user, what this says: kubectl --context ${kube.getCurrentContext()} get --raw /version`)
}

/** As the server writes them: some put a plus sign behind the minor one. */
function older({ major, minor, gitVersion }: VersionInfo): Finding | undefined {
  const [first, second] = [Number.parseInt(major, 10), Number.parseInt(minor, 10)]
  if (first > tested.major || (first === tested.major && second >= tested.minor)) return undefined
  return { level: 'warn', says: `The cluster's API server is ${gitVersion}; Berth was tested with ${tested.major}.${tested.minor}.` }
}

/** Asks for metrics of nobody. */
async function noMetrics(client: Client): Promise<Finding | undefined> {
  const less = 'So of leases whose node has no host role of its own, Berth cannot tell whether they are in use.'
  try {
    await client.list({ apiVersion: 'metrics.k8s.io/v1beta1', kind: 'PodMetrics' }, { labels: 'berth.instance=' }, { asIs: true })
    return undefined
  } catch (error) {
    const denied = deniedIn(error)
    if (denied) return { level: 'info', says: `Berth may not ${sayRight(denied)}. ${less}` }
    return { level: 'info', says: `The cluster has no metrics API${codeOf(error) === 404 ? '' : ` that answers (${saidBy(error)})`}. ${less}` }
  }
}

// Node ports --------------------------------------------------------------------------------------------------------

/** A range that has the first and the last port there is has them all. */
const never = [1, 65_535] as const
const nobody = '00000000-0000-0000-0000-000000000000'

/**
 * The range is in no answer of the API but one: to a Service that wants a port outside of it, which is not made. (A dry run
 * does not look at ports.) Where every port is inside, it is made, and cleared away at once for want of its owner.
 */
async function outsidePorts(client: Client, [from, to]: readonly [number, number], self: RbacV1Subject | undefined): Promise<Finding | undefined> {
  const { namespace = 'default' } = self ?? {}
  const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'nobody', uid: nobody }]
  const ports = never.map((nodePort) => ({ name: `tcp-${nodePort}`, port: nodePort, nodePort }))
  const body: V1Service = { apiVersion: 'v1', kind: 'Service', metadata: { generateName: 'berth-check-', ownerReferences }, spec: { type: 'NodePort', ports } }
  try {
    await client.ask('check node ports', ({ core }) => core.createNamespacedService({ namespace, body }), { asIs: true })
    return undefined
  } catch (error) {
    const [, first, last] = /range of valid ports is (\d+)-(\d+)/.exec(saidBy(error)) ?? []
    if (first === undefined || last === undefined) {
      const denied = deniedIn(error), why = denied ? `Berth may not ${sayRight(denied)}.` : saidBy(error)
      return { level: 'info', says: `Whether the cluster has the node ports ${from} to ${to} is not known: ${why}` }
    }
    if (from >= Number(first) && to <= Number(last)) return undefined
    throw new NotFit(`host.ports ${from} to ${to} does not lie within the cluster's node ports, ${first} to ${last}: set host.ports to a part of them.`)
  }
}
