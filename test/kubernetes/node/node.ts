/** A node that runs pods: containerd, kubelet and kube-proxy in namespaces of their own. Root alone can. */
import type { ControlPlane } from '../controlPlane.ts'
import type { Bench, Prefix } from '../programs.ts'
import type { Addresses } from './addresses.ts'
import { startContainerd } from './containerd.ts'
import { startKubelet } from './kubelet.ts'
import { makeNamespaces } from './namespaces.ts'

export interface RealNode {
  /** Where node ports answer. */
  readonly address: string
  /** Stands before a command that runs there. */
  readonly within: Prefix
  /** Returns when it takes pods. */
  join(plane: ControlPlane, caFile: string): Promise<void>
}

export interface NodeOptions {
  readonly link: string
  readonly cgroup: string
  readonly addresses: Addresses
}

/** Makes the namespaces, for the API server listens on this machine's end of the link; containerd starts meanwhile. */
export async function layNode(bench: Bench, { link, cgroup, addresses }: NodeOptions): Promise<RealNode> {
  const namespaces = await makeNamespaces(bench, { link, addresses })
  const runtime = startContainerd(bench, { namespaces, addresses })
  // Its failure is told by `join`, which may come later.
  runtime.catch(() => {})
  return {
    address: addresses.node, within: namespaces.within,
    async join(plane, caFile) {
      await runtime
      await startKubelet(bench, { plane, namespaces, addresses, cgroup, caFile })
    },
  }
}
