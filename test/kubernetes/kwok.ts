/** Nodes that only seem to be: kwok answers for them, and for the pods that are placed there. Nothing runs. */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { call, type Admin, type Answer } from './api.ts'
import type { ControlPlane } from './controlPlane.ts'
import { nodePath, takesPods } from './nodes.ts'
import { start, type Bench } from './programs.ts'

const annotation = 'kwok.x-k8s.io/node'

/** It answers for all nodes that bear its annotation. */
export async function startKwok(bench: Bench, plane: ControlPlane): Promise<void> {
  const stages = join(bench.dir, 'stages.yaml')
  writeFileSync(stages, execFileSync(bench.kube, ['kwok-stages']))
  await start(bench, 'kwok', { flags: [
    '--config', stages, '--kubeconfig', plane.kubeconfig, '--manage-all-nodes=false', `--manage-nodes-with-annotation-selector=${annotation}=fake`,
  ] })
}

/** What a node offers. */
export interface Offer {
  /** As Kubernetes writes it: '4', '500m'; 32 when absent. */
  readonly cpu?: string
  /** '8Gi'; 256Gi when absent. */
  readonly memory?: string
  /** An extended resource: { name: 'nvidia.com/gpu', count: 2 }. */
  readonly gpu?: { readonly name: string; readonly count: number }
  /** InternalIP; 127.0.0.1 when absent. */
  readonly address?: string
  readonly labels?: Readonly<Record<string, string>>
}

/** Makes one; returns once pods are placed there. */
export async function addNode(admin: Admin, name: string, offer: Offer = {}): Promise<void> {
  const { cpu = '32', memory = '256Gi', gpu, address = '127.0.0.1', labels = {} } = offer
  const resources = { cpu, memory, pods: '1000', ...(gpu && { [gpu.name]: String(gpu.count) }) }
  must(await call(admin, '/api/v1/nodes', { method: 'POST', body: {
    apiVersion: 'v1', kind: 'Node',
    metadata: { name, annotations: { [annotation]: 'fake' },
      labels: { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64', ...labels } },
    status: { capacity: resources, allocatable: resources, addresses: [{ type: 'InternalIP', address }, { type: 'Hostname', address: name }] },
  } }))
  for (const deadline = Date.now() + 60_000; !await takesPods(admin, name); await pause(20)) {
    if (Date.now() > deadline) throw new Error(`No pod can be placed on the node ${name} after 60 s.`)
  }
}

/** As an admin deletes it; its pods are orphans then. */
export async function removeNode(admin: Admin, name: string): Promise<void> {
  must(await call(admin, nodePath(name), { method: 'DELETE' }))
}

/** It falls silent, for kwok answers for it no more: Ready is Unknown, and stays so. */
export async function loseNode(admin: Admin, name: string): Promise<void> {
  must(await call(admin, nodePath(name), { method: 'PATCH', body: { metadata: { annotations: { [annotation]: 'lost' } } } }))
  const now = new Date().toISOString()
  const condition = { type: 'Ready', status: 'Unknown', reason: 'NodeStatusUnknown', message: 'Kubelet stopped posting node status.',
    lastHeartbeatTime: now, lastTransitionTime: now }
  must(await call(admin, `${nodePath(name)}/status`, { method: 'PATCH', body: { status: { conditions: [condition] } } }))
}

function must({ status, body }: Answer): void {
  if (status >= 300) throw new Error(`The API server answered ${status}: ${body.slice(0, 300)}`)
}
