/** BIND on a free loopback port: the second server that every name test runs against. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { need } from './find.ts'
import { freePort } from './port.ts'
import { runServer } from './server.ts'
import { answersSoa, keyName, writeZone, type Nameserver, type NameserverOptions } from './zone.ts'

/** Starts BIND with these zones and this key; returns when it answers for them. It dies with this process. */
export async function startNamed(options: NameserverOptions): Promise<Nameserver> {
  const { dir, zones } = options
  const port = options.port ?? await freePort()
  for (const zone of zones) writeZone(join(dir, `${zone}.zone`), zone)
  const file = join(dir, 'named.conf')
  writeFileSync(file, configuration(options, port), { mode: 0o600 })
  const server = await runServer({
    what: 'The nameserver (BIND)', command: need('named', 'bind9'), args: ['-g', '-4', '-c', file], log: join(dir, 'named.log'), port,
    ready: () => answersSoa(port, zones),
  })
  return Object.assign(Object.create(server) as typeof server, { address: '127.0.0.1' as const, port })
}

/** Without `session-keyfile` it would write outside its folder. */
function configuration(options: NameserverOptions, port: number): string {
  const { dir, zones, key } = options
  return `options { directory "${dir}"; pid-file "${dir}/named.pid"; session-keyfile "${dir}/session.key"; notify no; recursion no;
  listen-on port ${port} { 127.0.0.1; }; listen-on-v6 { none; }; dnssec-validation no; update-quota 1000;
  allow-transfer { key "${keyName(options)}"; }; };
controls { };
key "${keyName(options)}" { algorithm hmac-sha256; secret "${key.secret}"; };
${zones.map((zone) => `zone "${zone}" { type primary; file "${zone}.zone";
  update-policy { grant ${keyName(options)} zonesub A AAAA SRV TXT HTTPS; }; };
`).join('')}`
}
