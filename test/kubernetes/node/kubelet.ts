/** kubelet and kube-proxy on the node. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { untilReady } from '../../../worker/embedded/tether.ts'
import type { ControlPlane } from '../controlPlane.ts'
import { takesPods } from '../nodes.ts'
import { start, type Bench } from '../programs.ts'
import type { Addresses } from './addresses.ts'
import { makeRoot } from './cgroups.ts'
import { socket } from './containerd.ts'
import type { Namespaces } from './namespaces.ts'

export const nodeName = 'node1'

export interface KubeletOptions {
  readonly plane: ControlPlane
  readonly namespaces: Namespaces
  readonly addresses: Addresses
  /** Name of the cgroup that takes all pods. */
  readonly cgroup: string
  /** File of the authority that signed the API server's client certificate. */
  readonly caFile: string
}

/** Returns when the node takes pods. */
export async function startKubelet(bench: Bench, { plane, namespaces: { within }, addresses, cgroup, caFile }: KubeletOptions): Promise<void> {
  const config = join(bench.dir, 'kubelet.json'), resolvConf = join(bench.dir, 'resolv.conf'), podLogsDir = join(bench.dir, 'pods')
  makeRoot(cgroup)
  mkdirSync(podLogsDir)
  writeFileSync(resolvConf, '')
  writeFileSync(config, JSON.stringify({
    apiVersion: 'kubelet.config.k8s.io/v1beta1', kind: 'KubeletConfiguration',
    containerRuntimeEndpoint: `unix://${socket}`, podLogsDir, resolvConf, cgroupDriver: 'cgroupfs', cgroupRoot: `/${cgroup}`,
    authentication: { anonymous: { enabled: false }, webhook: { enabled: true }, x509: { clientCAFile: caFile } },
    authorization: { mode: 'Webhook' },
    // Nobody answers there; without it each pod bears a warning.
    clusterDNS: [addresses.node], clusterDomain: 'cluster.local',
    // The machine of a test may have cgroup v1, swap, a full disk, and no right to lower an OOM score.
    failCgroupV1: false, failSwapOn: false, oomScoreAdj: 0, imageGCHighThresholdPercent: 100,
    evictionHard: { 'memory.available': '50Mi', 'nodefs.available': '0%', 'imagefs.available': '0%', 'nodefs.inodesFree': '0%' },
  }))
  const [kubelet] = await Promise.all([
    start(bench, 'kubelet', { within, flags: [
      '--config', config, '--kubeconfig', plane.kubeconfigFor('kubelet'), '--cert-dir', join(bench.dir, 'kubelet-certificates'),
      '--hostname-override', nodeName, '--node-ip', addresses.node,
    ] }),
    start(bench, 'kube-proxy', { within, flags: [
      '--kubeconfig', plane.kubeconfigFor('kube-proxy'), '--hostname-override', nodeName, '--proxy-mode', 'iptables',
      '--cluster-cidr', addresses.pods, '--conntrack-max-per-core', '0', '--metrics-bind-address', '127.0.0.1:10249',
    ] }),
  ])
  await untilReady('kubelet', kubelet, () => takesPods(plane.admin, nodeName), 60_000)
}
