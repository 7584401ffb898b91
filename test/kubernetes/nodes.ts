/** Nodes as the API shows them: whether one takes pods. */
import { read, type Admin } from './api.ts'

interface NodeObject {
  readonly spec?: { readonly taints?: readonly unknown[] }
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] }
}

export const nodePath = (name: string): string => `/api/v1/nodes/${name}`

/** Whether a pod would be placed there: it is Ready, and the taint of its first moments is gone. */
export async function takesPods(admin: Admin, name: string): Promise<boolean> {
  const node = await read<NodeObject>(admin, nodePath(name))
  const isReady = node?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True')
  return Boolean(isReady) && !node?.spec?.taints?.length
}
