/** Real nameservers for tests, in a folder and on a port of their own (configuration: Knot 3.2 and BIND 9.18). */
import { spawn, type ChildProcess } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { randomBytes } from 'node:crypto'
import { Server } from '../../activities/rfc2136/server.ts'
import type { TsigKey } from '../../activities/rfc2136/tsig.ts'

export type ServerKind = 'knot' | 'bind'

export interface TestNameserver {
  readonly kind: ServerKind
  readonly zone: string
  readonly server: { readonly host: string; readonly port: number }
  readonly key: TsigKey
  /** Kills it with -9. */
  kill(): Promise<void>
  /** Starts it again on its folder and port. */
  start(): Promise<void>
  /** Stops it and removes its folder. */
  [Symbol.asyncDispose](): Promise<void>
}

/** Records that are in the zone file from the start, one a line, relative to the zone. */
export async function startNameserver(kind: ServerKind, { host = '127.0.0.1', records = [] }: { host?: string; records?: readonly string[] } = {}): Promise<TestNameserver> {
  const dir = await mkdtemp(join(tmpdir(), `berth-${kind}-`)), zone = 'site1.lease.test'
  const port = await freePort(host)
  const key: TsigKey = { name: 'site1-key', algorithm: 'hmac-sha256', secret: randomBytes(32) }
  await Promise.all(['run', 'db', 'zones'].map((name) => mkdir(join(dir, name))))
  await writeFile(join(dir, 'zones', `${zone}.zone`), [`$ORIGIN ${zone}.`, '$TTL 60', '@ SOA ns admin 1 3600 600 86400 1', '@ NS ns',
    'ns A 127.0.0.1', ...records, ''].join('\n'))
  const config = join(dir, 'config'), of = { dir, port, host, zone, secret: key.secret.toString('base64') }
  await writeFile(config, kind === 'knot' ? knotConfig(of) : bindConfig(of))
  let child: ChildProcess | undefined

  const start = async () => {
    const [command, args] = kind === 'knot' ? ['/usr/sbin/knotd', ['-c', config]] as const : ['/usr/sbin/named', ['-c', config, '-f']] as const
    const started = child = spawn(command, args, { stdio: 'ignore' })
    const probe = new Server({ server: { host, port }, key })
    try {
      for (const until = Date.now() + 30_000; ;) {
        if (started.exitCode !== null) throw new Error(`${kind} ended with ${started.exitCode}; its folder is ${dir}.`)
        if (await probe.read({ name: zone, type: 6 }, Date.now() + 1_000).then((found) => found.length > 0, () => false)) return
        if (Date.now() > until) throw new Error(`${kind} does not answer.`)
        await pause(50)
      }
    } finally {
      await probe.close()
    }
  }
  const end = async (signal: NodeJS.Signals) => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill(signal)
    await gone
  }
  await start()
  return {
    kind, zone, server: { host, port }, key, start, kill: () => end('SIGKILL'),
    async [Symbol.asyncDispose]() {
      await end('SIGKILL')
      await rm(dir, { recursive: true, force: true })
    },
  }
}

/** A port that is free for UDP and TCP alike. */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  for (;;) {
    const tcp = createServer().listen(0, host)
    await once(tcp, 'listening')
    const { port } = tcp.address() as { port: number }
    const udp = createSocket(host.includes(':') ? 'udp6' : 'udp4')
    const free = await new Promise<boolean>((tell) => {
      udp.once('error', () => tell(false))
      udp.bind(port, host, () => tell(true))
    })
    await Promise.all([new Promise((done) => tcp.close(done)), free && new Promise<void>((done) => udp.close(done))])
    if (free) return port
  }
}

interface Configured {
  readonly dir: string
  readonly port: number
  readonly host: string
  readonly zone: string
  readonly secret: string
}

const knotConfig = ({ dir, port, host, zone, secret }: Configured) => `
server:
    rundir: "${dir}/run"
    listen: ${host}@${port}
database:
    storage: "${dir}/db"
key:
  - id: site1-key.
    algorithm: hmac-sha256
    secret: ${secret}
acl:
  - id: site1
    key: site1-key.
    action: [update, transfer]
    update-type: [A, AAAA, SRV, TXT, HTTPS]
zone:
  - domain: ${zone}.
    file: "${dir}/zones/${zone}.zone"
    acl: site1
    zonefile-load: whole
    journal-content: changes
    zonefile-sync: -1
`

const bindConfig = ({ dir, port, host, zone, secret }: Configured) => `
options { directory "${dir}"; pid-file "${dir}/named.pid"; session-keyfile "${dir}/session.key"; notify no; recursion no;
  ${host.includes(':') ? `listen-on { none; }; listen-on-v6 port ${port} { ${host}; };` : `listen-on port ${port} { ${host}; }; listen-on-v6 { none; };`}
  dnssec-validation no; update-quota 1000; allow-transfer { key "site1-key."; }; };
controls { };
key "site1-key." { algorithm hmac-sha256; secret "${secret}"; };
zone "${zone}" { type primary; file "zones/${zone}.zone"; update-policy { grant site1-key. zonesub A AAAA SRV TXT HTTPS; }; };
`
