/** Knot on a free loopback port. */
import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { find, need } from './find.ts'
import { freePort } from './port.ts'
import { runServer } from './server.ts'
import { answersSoa, keyName, writeZone, type Nameserver, type NameserverOptions } from './zone.ts'

export interface KnotOptions extends NameserverOptions {
  /**
   * Sends NOTIFY by hand, so often: keeps isolated updates from waiting up to a second for Knot's zone timer. 100 is the
   * tried value; absent means off.
   */
  readonly notifyEveryMs?: number
}

/** Starts Knot with these zones and this key; returns when it answers for them. It dies with this process. */
export async function startKnot(options: KnotOptions): Promise<Nameserver> {
  const { dir, zones } = options
  const port = options.port ?? await freePort()
  for (const folder of ['run', 'db', 'zones']) mkdirSync(join(dir, folder), { recursive: true })
  for (const zone of zones) writeZone(join(dir, 'zones', `${zone}.zone`), zone)
  const file = join(dir, 'knot.conf')
  writeFileSync(file, configuration(options, port), { mode: 0o600 })
  const server = await runServer({
    what: 'The nameserver (Knot)', command: need('knotd', 'knot'), args: ['-c', file], log: join(dir, 'knotd.log'), port,
    ready: () => answersSoa(port, zones),
  })
  const stopRemedy = options.notifyEveryMs ? notify(file, zones, options.notifyEveryMs) : async () => {}
  return Object.assign(Object.create(server) as typeof server, {
    address: '127.0.0.1' as const, port,
    async stop() {
      await stopRemedy()
      await server.stop()
    },
  })
}

/** Warnings are left out of the log, for each failed prerequisite is one. */
function configuration(options: NameserverOptions, port: number): string {
  const { dir } = options
  return `server:
    rundir: "${dir}/run"
    listen: 127.0.0.1@${port}
log:
  - target: "${dir}/knot.log"
    any: error
database:
    storage: "${dir}/db"
${zonesOf(options, `${dir}/zones`)}`
}

/**
 * Key, acl and zones; `folder` as Knot sees it. `whole` with `changes` is what keeps acknowledged records over a kill. An acl
 * without a key would open unsigned updates.
 */
export function zonesOf(options: NameserverOptions, folder: string): string {
  const { zones, key } = options, name = keyName(options)
  return `key:
  - id: ${name}
    algorithm: hmac-sha256
    secret: ${key.secret}
acl:
  - id: berth
    key: ${name}
    action: [update, transfer]
    update-type: [A, AAAA, SRV, TXT, HTTPS]
zone:
${zones.map((zone) => `  - domain: ${zone}.
    file: "${folder}/${zone}.zone"
    acl: berth
    zonefile-load: whole
    journal-content: changes
    zonefile-sync: -1
`).join('')}`
}

/** One `knotc` after the other; the answer stops it. */
function notify(file: string, zones: readonly string[], everyMs: number): () => Promise<void> {
  const knotc = find('knotc')
  let timer: NodeJS.Timeout | undefined, over = !knotc, ended = Promise.resolve()
  const again = () => {
    if (over) return
    ended = new Promise((done) => execFile(knotc!, ['-c', file, 'zone-notify', ...zones.map((zone) => `${zone}.`)], { timeout: 5_000 }, () => {
      done()
      if (over) return
      timer = setTimeout(again, everyMs)
      timer.unref()
    }).unref())
  }
  again()
  return async () => {
    over = true
    clearTimeout(timer)
    await ended
  }
}
