/** A registry of one tiny image (Docker Registry HTTP API v2, the reading half), for pulls that need no network. */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { readFile } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'
import { pack } from 'tar-stream'
import { need } from '../../../worker/embedded/find.ts'

export interface Registry {
  /** Of the image that is there. */
  readonly reference: string
  /** Of one that is not. */
  readonly missing: string
  /** While it is set, every call is answered with 503. */
  ill: boolean
  close(): Promise<void>
}

const digestOf = (bytes: Buffer) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`

/** On 127.0.0.1, where engines accept plain HTTP. `salt` makes the image one that the engine does not know. */
export async function openRegistry(salt: string): Promise<Registry> {
  const tar = pack()
  tar.entry({ name: 'busybox', mode: 0o755 }, await readFile(need('busybox', 'busybox-static')))
  tar.entry({ name: 'salt' }, salt)
  tar.finalize()
  const chunks: Buffer[] = []
  for await (const chunk of tar) chunks.push(chunk as Buffer)
  const layer = Buffer.concat(chunks), packed = gzipSync(layer, { level: 1 })
  const config = Buffer.from(JSON.stringify({
    architecture: 'amd64', os: 'linux', config: { Cmd: ['/busybox', 'sleep', '600'] }, rootfs: { type: 'layers', diff_ids: [digestOf(layer)] },
  }))
  const type = 'application/vnd.docker.distribution.manifest.v2+json'
  const manifest = Buffer.from(JSON.stringify({
    schemaVersion: 2, mediaType: type,
    config: { mediaType: 'application/vnd.docker.container.image.v1+json', size: config.length, digest: digestOf(config) },
    layers: [{ mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip', size: packed.length, digest: digestOf(packed) }],
  }))
  const pages: Record<string, { type: string; body: Buffer }> = {
    '/v2/': { type: 'application/json', body: Buffer.from('{}') },
    '/v2/tiny/manifests/1': { type, body: manifest },
    [`/v2/tiny/manifests/${digestOf(manifest)}`]: { type, body: manifest },
    [`/v2/tiny/blobs/${digestOf(config)}`]: { type: 'application/octet-stream', body: config },
    [`/v2/tiny/blobs/${digestOf(packed)}`]: { type: 'application/octet-stream', body: packed },
  }
  let ill = false
  const server = createServer((request, response) => {
    const page = ill ? undefined : pages[request.url ?? '']
    if (!page) {
      response.writeHead(ill ? 503 : 404, { 'content-type': 'application/json' })
      return void response.end('{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}')
    }
    response.writeHead(200, { 'content-type': page.type, 'content-length': page.body.length, 'docker-content-digest': digestOf(page.body) })
    response.end(request.method === 'HEAD' ? undefined : page.body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const at = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    reference: `${at}/tiny:1`, missing: `${at}/tiny:2`,
    get ill() { return ill },
    set ill(is) { ill = is },
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
