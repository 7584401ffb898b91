/** What any object of a cluster says of itself. */
import type { KubernetesObject } from '@kubernetes/client-node'

export const isLeaving = ({ metadata }: KubernetesObject): boolean => metadata?.deletionTimestamp !== undefined
export const created = ({ metadata }: KubernetesObject): number => metadata?.creationTimestamp ? new Date(metadata.creationTimestamp).getTime() : 0
