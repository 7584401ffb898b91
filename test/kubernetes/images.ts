/** The demo images as one docker archive, for a containerd that has no Docker engine beside it. */
import { createHash } from 'node:crypto'
import { pack } from 'tar-stream'
import { bytes, recipes, rootTar, type Recipe } from '../../worker/embedded/image.ts'

/** Holds a pod's namespaces; kubelet asks for it by this name. */
export const pauseImage = 'localhost/berth-pause:1'

/** Under the full names by which containerd finds `berth-demo/web:1`. */
const named: Readonly<Record<string, Recipe>> = {
  ...Object.fromEntries(Object.entries(recipes).map(([name, recipe]) => [`docker.io/${name}`, recipe])),
  [pauseImage]: { command: ['/bin/sleep', '2147483647'] },
}

/** What `ctr images import` takes: one layer, and a configuration per image. */
export async function imageArchive(): Promise<Buffer> {
  const root = await rootTar(), layer = createHash('sha256').update(root).digest('hex')
  const archive = pack()
  const manifest = Object.entries(named).map(([name, recipe], place) => {
    archive.entry({ name: `${place}.json` }, JSON.stringify(configuration(recipe, layer)))
    return { Config: `${place}.json`, RepoTags: [name], Layers: ['layer.tar'] }
  })
  archive.entry({ name: 'layer.tar' }, root)
  archive.entry({ name: 'manifest.json' }, JSON.stringify(manifest))
  archive.finalize()
  return bytes(archive)
}

function configuration({ command, ports = [], env = {} }: Recipe, layer: string): object {
  const created = '1970-01-01T00:00:00Z'
  return {
    architecture: process.arch === 'arm64' ? 'arm64' : 'amd64', os: 'linux', created, history: [{ created }],
    rootfs: { type: 'layers', diff_ids: [`sha256:${layer}`] },
    config: {
      Cmd: command, Env: Object.entries({ PATH: '/bin', ...env }).map(([name, value]) => `${name}=${value}`),
      ExposedPorts: Object.fromEntries(ports.map((port) => [`${port}/tcp`, {}])),
    },
  }
}
