/** The API of one cluster: a deadline on every call, the server's answer asserted on every apply, "absent" as an answer. */
import {
  AuthenticationV1Api, AuthorizationV1Api, CoreV1Api, KubernetesObjectApi, type KubernetesObject, PatchStrategy, VersionApi, Watch,
} from '@kubernetes/client-node'
import { pause, within } from '../deadline.ts'
import { credentialsOf, sayCredentials } from './credentials.ts'
import { type Denied, NotAllowed } from './denied.ts'
import { assertKept } from './kept.ts'
import { ClusterAway, ClusterSaid, cleaned, codeOf, deniedIn } from './failures.ts'
import { callOff, openKube, type ClusterAddress, type Kube } from './kube.ts'

export interface Ask {
  /** Default 10 s; for what changes something 12 s, for an admission webhook may take ten of them. */
  readonly ms?: number
  readonly signal?: AbortSignal | undefined
  /** A right that is missing is not made up for: this call is about rights itself. */
  readonly asIs?: boolean
}

/** Which object: kind, name and, unless it is the cluster's own, namespace. */
export interface Reference {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string }
}

/** What is to be different, of which object. With a `uid` in its metadata: of this very one. */
export type Change = Omit<Reference, 'metadata'> & Readonly<Record<string, unknown>> & {
  readonly metadata: Reference['metadata'] & Readonly<Record<string, unknown>>
}

export interface Select {
  readonly namespace?: string
  readonly labels?: string
}

export interface Removal extends Ask {
  /** Seconds. */
  readonly grace?: number
  /** Only this very object, and only unchanged. */
  readonly uid?: string | undefined
  readonly resourceVersion?: string | undefined
}

export interface Client {
  readonly kube: Kube
  /** Server-side apply as `berth`, by force; throws when the server kept something else than was sent. */
  apply<T extends KubernetesObject>(object: T, how?: Ask): Promise<T>
  /** Merge patch. Undefined when it is absent. */
  patch<T extends KubernetesObject>(object: Change, how?: Ask): Promise<T | undefined>
  /** Undefined when it is absent. */
  read<T extends KubernetesObject>(of: Reference, how?: Ask): Promise<T | undefined>
  list<T extends KubernetesObject>(kind: Pick<Reference, 'apiVersion' | 'kind'>, of: Select, how?: Ask): Promise<readonly T[]>
  /** Absent is success; false when a precondition did not hold. Dependents go in the background. */
  remove(of: Reference, how?: Removal): Promise<boolean>
  /** Of one pod; undefined when the pod or that container is gone. */
  log(of: { readonly namespace: string; readonly name: string }, how: { readonly lines: number; readonly previous: boolean }): Promise<string | undefined>
  /** Any other call. `what` completes "The cluster did not …". */
  ask<T>(what: string, run: (api: Apis) => Promise<T>, how?: Ask): Promise<T>
  /** Called when a call did not reach the cluster: what was known of it is in doubt. */
  onLost(forget: () => void): void
  /** Called when Berth lacks a right inside of a namespace; what was called is tried again when it was given. */
  onDenied(grant: Grant): void
  close(): Promise<void>
}

/** `gone`: there is no such namespace any more, or soon; `no`: it is not ours, or nothing is to be given there. */
export type Grant = (namespace: string) => Promise<'granted' | 'gone' | 'no'>

export interface Apis {
  readonly core: CoreV1Api
  readonly authentication: AuthenticationV1Api
  readonly authorization: AuthorizationV1Api
  readonly version: VersionApi
  readonly watch: Watch
}

export const fieldManager = 'berth'

const changeMs = 12_000
const lagMs = 3_000

export function connect(address: ClusterAddress): Client {
  const kube = openKube(address), objects = KubernetesObjectApi.makeApiClient(kube)
  const apis: Apis = {
    core: kube.makeApiClient(CoreV1Api), authentication: kube.makeApiClient(AuthenticationV1Api),
    authorization: kube.makeApiClient(AuthorizationV1Api), version: kube.makeApiClient(VersionApi), watch: new Watch(kube),
  }
  const listeners: (() => void)[] = []
  let grant: Grant | undefined

  async function once<T>(what: string, run: () => Promise<T>, { ms = 10_000, signal }: Ask): Promise<T> {
    try {
      return await within({ who: 'The cluster', what, ms, signal }, (abort) => callOff.run(abort, run))
    } catch (raw) {
      const error = cleaned(raw)
      if (error instanceof ClusterAway) for (const forget of listeners) forget()
      if (codeOf(error) !== 401) throw error
      kube.renew()
      throw new ClusterSaid({ code: 401, message: `The cluster does not accept Berth's ${sayCredentials(credentialsOf(kube))}.` })
    }
  }

  async function call<T>(what: string, run: () => Promise<T>, how: Ask = {}): Promise<T> {
    try {
      return await once(what, run, how)
    } catch (error) {
      const denied = deniedIn(error)
      if (!denied || how.asIs) throw error
      return await afterGrant(denied, () => once(what, run, how), how)
    }
  }
  /** Another API server, or an authorizer's cache, hears of a right a moment later. */
  async function afterGrant<T>(denied: Denied, run: () => Promise<T>, { signal }: Ask): Promise<T> {
    const given = denied.namespace === undefined || !grant ? 'no' : await grant(denied.namespace).catch((error: unknown) => {
      throw deniedIn(error) ? new NotAllowed(deniedIn(error)!) : error
    })
    if (given === 'gone') throw new ClusterSaid({ code: 404, reason: 'NotFound', message: `namespace ${denied.namespace} is gone` })
    for (const ends = performance.now() + lagMs; given === 'granted'; await pause(50, signal)) {
      try {
        return await run()
      } catch (error) {
        if (!deniedIn(error)) throw error
        if (performance.now() > ends) break
      }
    }
    throw new NotAllowed(denied)
  }
  const unlessAbsent = async <T>(doing: Promise<T>): Promise<T | undefined> => {
    try {
      return await doing
    } catch (error) {
      if (codeOf(error) === 404) return undefined
      throw error
    }
  }

  return {
    kube,
    async apply(object, how) {
      const kept = await call(`take a ${object.kind}`, () =>
        objects.patch(object, undefined, undefined, fieldManager, true, PatchStrategy.ServerSideApply), { ms: changeMs, ...how })
      assertKept(object, kept)
      return kept
    },
    patch: (object, how) => unlessAbsent(call(`change a ${object.kind}`, () =>
      objects.patch(object as never, undefined, undefined, fieldManager, undefined, PatchStrategy.MergePatch), { ms: changeMs, ...how })),
    read: (of, how) => unlessAbsent(call(`show a ${of.kind}`, () => objects.read(of as never), how)) as never,
    async list({ apiVersion, kind }, { namespace, labels }, how) {
      const found = call(`list its ${kind} objects`, () =>
        objects.list(apiVersion, kind, namespace, undefined, undefined, undefined, undefined, labels), how)
      // A namespace that is gone holds nothing.
      const { items } = namespace === undefined ? await found : await unlessAbsent(found) ?? { items: [] }
      return items as never
    },
    async remove(of, { grace, uid, resourceVersion, ...how } = {}) {
      const preconditions = { ...(uid !== undefined && { uid }), ...(resourceVersion !== undefined && { resourceVersion }) }
      try {
        await call(`remove a ${of.kind}`, () => objects.delete(of as never, undefined, undefined, grace, undefined, 'Background', { preconditions }), { ms: changeMs, ...how })
        return true
      } catch (error) {
        if (codeOf(error) === 404) return true
        if (codeOf(error) === 409) return false
        throw error
      }
    },
    async log(of, { lines, previous }) {
      try {
        return await call('read a log', () => apis.core.readNamespacedPodLog({ ...of, tailLines: lines, previous }))
      } catch (error) {
        // 400: the container has not started, or has no earlier run.
        if ([400, 404].includes(codeOf(error) ?? 0)) return undefined
        throw error
      }
    },
    ask: (what, run, how) => call(what, () => run(apis), how),
    onLost: (forget) => void listeners.push(forget),
    onDenied: (how) => { grant = how },
    close: () => kube.close(),
  }
}
