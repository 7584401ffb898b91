/** containerd on the node, with the demo images. */
import { mkdirSync, statfsSync, writeFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { need } from '../../../worker/embedded/find.ts'
import { untilReady } from '../../../worker/embedded/tether.ts'
import { imageArchive, pauseImage } from '../images.ts'
import { tethered, type Bench } from '../programs.ts'
import type { Addresses } from './addresses.ts'
import type { Namespaces } from './namespaces.ts'

export const socket = '/run/containerd/containerd.sock'
/** Where Debian puts the network plugins. */
export const plugins = '/usr/lib/cni'

/** Returns when the images are there. */
export async function startContainerd(bench: Bench, { namespaces, addresses }: { namespaces: Namespaces; addresses: Addresses }): Promise<void> {
  const config = join(bench.dir, 'containerd.toml'), archive = join(bench.dir, 'images.tar'), network = join(bench.dir, 'cni')
  mkdirSync(network)
  writeFileSync(join(network, '10-bridge.conflist'), JSON.stringify(bridge(addresses)))
  writeFileSync(config, configuration(bench.dir, network))
  await writeFile(archive, await imageArchive())
  const containerd = await tethered(bench, 'containerd', [...namespaces.within, need('containerd', 'containerd'), '--config', config])
  const ctr = [need('ctr', 'containerd'), '--namespace', 'k8s.io']
  await untilReady('containerd', containerd, () => namespaces.run([...ctr, 'version']).then(() => true), 60_000)
  await namespaces.run([...ctr, 'images', 'import', archive])
}

function configuration(dir: string, network: string): string {
  const overlay = 0x794c7630
  // An overlay cannot lie on an overlay, which is what the folder of a container is on.
  const snapshotter = statfsSync(dir).type === overlay ? 'native' : 'overlayfs'
  return `version = 2
root = "${dir}/containerd"
state = "/run/containerd"
disabled_plugins = [${['aufs', 'btrfs', 'zfs', 'devmapper'].map((name) => `"io.containerd.snapshotter.v1.${name}"`).join(', ')}, "io.containerd.internal.v1.opt"]
[grpc]
  address = "${socket}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${pauseImage}"
  restrict_oom_score_adj = true
  disable_apparmor = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "${plugins}"
    conf_dir = "${network}"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "${snapshotter}"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
`
}

function bridge({ pods }: Addresses): object {
  return {
    cniVersion: '0.4.0', name: 'berth', plugins: [
      { type: 'bridge', bridge: 'cni0', isGateway: true, ipMasq: false, hairpinMode: true,
        ipam: { type: 'host-local', dataDir: '/run/containerd/ipam', ranges: [[{ subnet: pods }]], routes: [{ dst: '0.0.0.0/0' }] } },
      { type: 'portmap', capabilities: { portMappings: true } },
    ],
  }
}
