/**
 * Knot's official image on the engine, for machines without knotd. NOT TRIED where this was written: there was no image
 * registry in reach. Written by the image's description (https://hub.docker.com/r/cznic/knot).
 */
import { createHash } from 'node:crypto'
import { call } from '../embedded/dockerd/api.ts'
import { zonesOf } from '../embedded/knot.ts'
import { freePort } from '../embedded/port.ts'
import { answersSoa, type NameserverOptions, writeZone } from '../embedded/zone.ts'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const image = 'cznic/knot', tag = '3.4'

export interface KnotOnEngine {
  readonly address: '127.0.0.1'
  readonly port: number
  stop(): Promise<void>
}

export async function startKnotOnEngine(options: NameserverOptions & { readonly socketPath: string; readonly say: (line: string) => void }): Promise<KnotOnEngine> {
  const { dir, zones, socketPath, say } = options
  const port = options.port ?? await freePort(), name = `berth-demo-knot-${createHash('sha256').update(dir).digest('hex').slice(0, 8)}`
  for (const folder of ['config', 'storage']) mkdirSync(join(dir, folder), { recursive: true })
  for (const zone of zones) writeZone(join(dir, 'storage', `${zone}.zone`), zone)
  writeFileSync(join(dir, 'config', 'knot.conf'), `server:\n    listen: 0.0.0.0@53\n${zonesOf(options, '/storage')}`)
  const ask = async (method: string, path: string, body?: unknown) => {
    const { status, body: text } = await call(socketPath, method, path, body === undefined ? undefined : { json: body }, 300_000)
    if (status >= 400 && status !== 404) throw new Error(`The nameserver could not be started on the engine: ${text.trim()}`)
  }
  say(`Fetching the nameserver's image ${image}:${tag}, since there is no knotd here.`)
  await ask('POST', `/images/create?fromImage=${image}&tag=${tag}`)
  const bindings = [{ HostIp: '127.0.0.1', HostPort: String(port) }]
  await ask('POST', `/containers/create?name=${name}`, {
    Image: `${image}:${tag}`, Cmd: ['knotd'], ExposedPorts: { '53/udp': {}, '53/tcp': {} },
    HostConfig: {
      AutoRemove: true, PortBindings: { '53/udp': bindings, '53/tcp': bindings },
      Binds: [`${join(dir, 'config')}:/config`, `${join(dir, 'storage')}:/storage`],
    },
  })
  const stop = () => ask('DELETE', `/containers/${name}?force=1&v=1`)
  try {
    await ask('POST', `/containers/${name}/start`)
    for (const deadline = Date.now() + 30_000; !await answersSoa(port, zones).catch(() => false);) {
      if (Date.now() > deadline) throw new Error('The nameserver on the engine does not answer.')
      await new Promise((done) => setTimeout(done, 100))
    }
  } catch (error) {
    await stop()
    throw error
  }
  return { address: '127.0.0.1', port, stop }
}
