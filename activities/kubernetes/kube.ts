/** A kubeconfig whose calls share one pool of connections and may be called off. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { KubeConfig, loadYaml, type RequestContext } from '@kubernetes/client-node'
import { saidBy } from './failures.ts'

/** The signal of the call under way: half of the client's methods take no options, and all of them come through here. */
export const callOff = new AsyncLocalStorage<AbortSignal>()

type Dispatcher = NonNullable<ReturnType<RequestContext['getDispatcher']>>

/** Left alone, client-node 2.0.1 opens a connection for every request: 4 to 7 times slower, and sockets pile up. */
export class Kube extends KubeConfig {
  #kept: Dispatcher | undefined

  override async applySecurityAuthentication(context: RequestContext): Promise<void> {
    try {
      await super.applySecurityAuthentication(context)
    } catch (error) {
      // A file that is gone, or a plugin that failed.
      throw new Error(`The credentials of the cluster cannot be had: ${saidBy(error)}`)
    }
    this.#kept ??= context.getDispatcher()
    if (this.#kept) context.setDispatcher(this.#kept)
    const signal = callOff.getStore()
    if (signal) context.setSignal(signal)
  }

  /** The next call reads certificates anew: their files may have been renewed. */
  renew(): void {
    const former = this.#kept
    this.#kept = undefined
    former?.close().catch(() => undefined)
  }

  async close(): Promise<void> {
    await this.#kept?.destroy()
  }
}

export interface ClusterAddress {
  /** Absent: as a pod of the cluster itself. */
  readonly kubeconfig?: string
  /** Absent: the file's current one. */
  readonly context?: string
}

/** Throws with the next step when the file or the context is not there. */
export function openKube({ kubeconfig, context }: ClusterAddress): Kube {
  const kube = new Kube()
  if (kubeconfig === undefined) {
    if (!process.env['KUBERNETES_SERVICE_HOST']) throw new Error('This is no pod of a cluster: set host.kubernetes.kubeconfig to the file that says where the cluster is.')
    kube.loadFromCluster()
    return kube
  }
  load(kube, kubeconfig)
  const known = kube.getContexts().map(({ name }) => name)
  if (context !== undefined && !known.includes(context)) {
    throw new Error(`The kubeconfig ${kubeconfig} has no context ${context}; set host.kubernetes.context to one of: ${known.join(', ') || 'none'}.`)
  }
  if (context !== undefined) kube.setCurrentContext(context)
  if (!kube.getCurrentCluster()) throw new Error(`The kubeconfig ${kubeconfig} names no current cluster; set host.kubernetes.context to one of: ${known.join(', ') || 'none'}.`)
  return kube
}

interface RawUser {
  readonly name?: string
  readonly user?: { readonly tokenFile?: string; readonly token?: string }
}

function load(kube: Kube, kubeconfig: string): void {
  const text = readText(kubeconfig)
  let users: readonly RawUser[]
  try {
    kube.loadFromString(text)
    users = loadYaml<{ users?: readonly RawUser[] }>(text).users ?? []
  } catch {
    // Whoever parses it quotes the lines around the fault, and the secrets in them.
    throw new Error(`The kubeconfig ${kubeconfig} is not one: kubectl --kubeconfig ${kubeconfig} config view shows what is wrong with it.`)
  }
  const folder = dirname(resolve(kubeconfig))
  kube.makePathsAbsolute(folder)
  // client-node does not know `tokenFile`, as kubectl writes it.
  for (const { name, user } of users) {
    const known = kube.users.find((one) => one.name === name)
    if (known && user?.tokenFile !== undefined && user.token === undefined) {
      Object.assign(known, { authProvider: { name: 'tokenFile', config: { tokenFile: resolve(folder, user.tokenFile) } } })
    }
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const code = (error as { code?: unknown }).code
    throw new Error(`The kubeconfig ${file} cannot be read (${typeof code === 'string' ? code : saidBy(error)}): is host.kubernetes.kubeconfig right, and may Berth's user read it?`)
  }
}
