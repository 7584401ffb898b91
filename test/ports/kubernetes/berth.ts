/** A cluster as Berth itself has it: the shipped manifest is applied, and a token of its service account says who asks. */
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { readAdmin, writeKubeconfig } from '../../kubernetes/kubeconfig.ts'
import type { Use } from '../../kubernetes/use.ts'

export const manifest = join(import.meta.dirname, '../../../worker/kubernetes-role.yaml')

type Reached = Pick<Use, 'kubeconfig' | 'kubectl'>

/** Path of a kubeconfig. */
export async function asBerth(cluster: Reached): Promise<string> {
  await cluster.kubectl('apply', '--server-side', '--force-conflicts', '-f', manifest)
  return await asAccount(cluster, 'berth', 'berth-system')
}

/** The same for any service account that is there. */
export async function asAccount(cluster: Reached, name: string, namespace: string): Promise<string> {
  return kubeconfigOf(cluster, { token: (await cluster.kubectl('-n', namespace, 'create', 'token', name, '--duration=240h')).trim() })
}

/** Path of a file that is not there yet and goes with the cluster. */
export const beside = ({ kubeconfig }: Pick<Use, 'kubeconfig'>): string => join(dirname(kubeconfig), randomBytes(6).toString('hex'))

export function kubeconfigOf({ kubeconfig }: Pick<Use, 'kubeconfig'>, user: { readonly token: string }): string {
  const file = beside({ kubeconfig })
  writeKubeconfig(file, readAdmin(kubeconfig), user)
  return file
}

/** kubectl as somebody; answers with what it printed, or throws with what it complained. */
export async function kubectlAs({ kube }: Pick<Use, 'kube'>, kubeconfig: string, ...args: string[]): Promise<string> {
  return (await promisify(execFile)(kube, ['kubectl', '--kubeconfig', kubeconfig, ...args])).stdout
}
