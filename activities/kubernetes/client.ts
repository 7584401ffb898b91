/** The API of one cluster: a deadline on every call, the server's answer asserted on every apply, "absent" as an answer. */
import {
  AuthorizationV1Api, CoreV1Api, KubernetesObjectApi, type KubernetesObject, PatchStrategy, VersionApi, Watch,
} from '@kubernetes/client-node'
import { within } from '../deadline.ts'
import { assertKept } from './kept.ts'
import { ClusterAway, codeOf, isAway, saidBy } from './failures.ts'
import { callOff, openKube, type ClusterAddress, type Kube } from './kube.ts'

export interface Ask {
  /** Default 10 s. */
  readonly ms?: number
  readonly signal?: AbortSignal | undefined
}

/** Which object: kind, name and, unless it is the cluster's own, namespace. */
export interface Reference {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string }
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
  patch<T extends KubernetesObject>(object: Reference & Readonly<Record<string, unknown>>, how?: Ask): Promise<T | undefined>
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
  close(): Promise<void>
}

export interface Apis {
  readonly core: CoreV1Api
  readonly authorization: AuthorizationV1Api
  readonly version: VersionApi
  readonly watch: Watch
}

export const fieldManager = 'berth'

export function connect(address: ClusterAddress): Client {
  const kube = openKube(address), objects = KubernetesObjectApi.makeApiClient(kube)
  const apis: Apis = {
    core: kube.makeApiClient(CoreV1Api), authorization: kube.makeApiClient(AuthorizationV1Api), version: kube.makeApiClient(VersionApi),
    watch: new Watch(kube),
  }
  const listeners: (() => void)[] = []

  async function call<T>(what: string, run: () => Promise<T>, { ms = 10_000, signal }: Ask = {}): Promise<T> {
    try {
      return await within({ who: 'The cluster', what, ms, signal }, (abort) => callOff.run(abort, run))
    } catch (error) {
      if (!isAway(error)) throw error
      for (const forget of listeners) forget()
      throw new ClusterAway(`The cluster does not answer (${saidBy(error)}).`, { cause: error })
    }
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
        objects.patch(object, undefined, undefined, fieldManager, true, PatchStrategy.ServerSideApply), how)
      assertKept(object, kept)
      return kept
    },
    patch: (object, how) => unlessAbsent(call(`change a ${object.kind}`, () =>
      objects.patch(object as never, undefined, undefined, fieldManager, undefined, PatchStrategy.MergePatch), how)),
    read: (of, how) => unlessAbsent(call(`show a ${of.kind}`, () => objects.read(of as never), how)) as never,
    async list({ apiVersion, kind }, { namespace, labels }, how) {
      const { items } = await call(`list its ${kind} objects`, () =>
        objects.list(apiVersion, kind, namespace, undefined, undefined, undefined, undefined, labels), how)
      return items as never
    },
    async remove(of, { grace, uid, resourceVersion, ...how } = {}) {
      const preconditions = { ...(uid !== undefined && { uid }), ...(resourceVersion !== undefined && { resourceVersion }) }
      try {
        await call(`remove a ${of.kind}`, () => objects.delete(of as never, undefined, undefined, grace, undefined, 'Background', { preconditions }), how)
        return true
      } catch (error) {
        if (codeOf(error) === 404) return true
        if (codeOf(error) === 409) return false
        throw error
      }
    },
    log: (of, { lines, previous }) => unlessAbsent(call('read a log', async () => {
      try {
        return await apis.core.readNamespacedPodLog({ ...of, tailLines: lines, previous })
      } catch (error) {
        // 400: the container has not started, or has no earlier run.
        if (codeOf(error) === 400) return undefined
        throw error
      }
    })),
    ask: (what, run, how) => call(what, () => run(apis), how),
    onLost: (forget) => void listeners.push(forget),
    close: () => kube.close(),
  }
}
