/** Everything that the demo needs around Berth, started in a temporary folder and gone when it is stopped. */
import { randomBytes } from 'node:crypto'
import { engine, type Engine } from '../embedded/engine.ts'
import { find } from '../embedded/find.ts'
import { startDirectory } from '../embedded/directory.ts'
import { buildImages } from '../embedded/image.ts'
import { startKnot } from '../embedded/knot.ts'
import type { Tree } from '../embedded/people.ts'
import { preferredPort } from '../embedded/port.ts'
import { startSlapd } from '../embedded/slapd.ts'
import { startTemporal, type EmbeddedTemporal } from '../embedded/temporal/start.ts'
import type { Nameserver } from '../embedded/zone.ts'
import { startKnotOnEngine } from './knotOnEngine.ts'
import { groups, people } from './people.ts'
import { type DemoChat, slackTeam, slackUser, startDemoSlack } from './slack.ts'

export const zone = 'campus.berth.test'

export interface Parts {
  readonly temporal: EmbeddedTemporal & { readonly uiUrl: string }
  readonly codecPort: number
  readonly directory: Tree & { readonly url: string }
  readonly nameserver: Pick<Nameserver, 'address' | 'port'>
  readonly updateKey: { readonly name: string; readonly secret: string }
  readonly engine: Engine
  readonly chat: DemoChat
  stop(): Promise<void>
}

/** `dir` has a subfolder for each part; `say` gets a line whenever one is there. */
export async function startParts(dir: (part: string) => string, say: (line: string) => void): Promise<Parts> {
  const updateKey = { name: 'demo-key', secret: randomBytes(32).toString('base64') }
  const started: { stop(): Promise<unknown> }[] = []
  const stop = async () => void await Promise.allSettled(started.splice(0).map((it) => it.stop()))
  const up = <T extends { stop(): Promise<unknown> }>(it: T, line: string): T => {
    started.push(it)
    say(line)
    return it
  }
  // The UI remembers its settings by address, so that the same port at each run is worth a try.
  const uiPort = await preferredPort(8233), codecPort = await preferredPort(8234)
  const results = await Promise.allSettled([
    startTemporal({ dir: dir('temporal'), ui: true, uiPort, codecEndpoint: `http://127.0.0.1:${codecPort}`, say })
      .then((it) => up(it, `Temporal at ${it.address}`) as Parts['temporal']),
    startPeople(dir).then((it) => up(it.server, it.line)),
    engine().then(async (it) => {
      up(it, `Docker engine at ${it.socketPath}, ${it.ours ? 'started for this' : 'which was there already'}`)
      await buildImages(it.socketPath)
      return it
    }),
    find('knotd') ? startKnot({ dir: dir('names'), zones: [zone], key: updateKey, notifyEveryMs: 100 })
      .then((it) => up(it, `nameserver (Knot) at ${it.address}:${it.port} for ${zone}`)) : undefined,
    startDemoSlack({ team: slackTeam, users: { [slackUser]: 'mika' } }).then((it) => up(it, `as much of Slack's Web API as is needed at ${it.api}`)),
  ] as const)
  try {
    const [temporal, directory, engine, knot, slack] = allOf(results)
    const nameserver = knot ?? up(await startKnotOnEngine({ dir: dir('names'), zones: [zone], key: updateKey, socketPath: engine.socketPath, say }),
      'nameserver (Knot) as a container on the engine')
    return { temporal, codecPort, directory, engine, nameserver, updateKey, chat: { slack, signingSecret: randomBytes(16).toString('hex') }, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** What all of them answered; the first failure is thrown once all have settled. */
function allOf<T extends readonly PromiseSettledResult<unknown>[]>(results: T) {
  const failed = results.find((result) => result.status === 'rejected')
  if (failed) throw failed.reason
  return results.map((result) => (result as PromiseFulfilledResult<unknown>).value) as
    { [K in keyof T]: T[K] extends PromiseSettledResult<infer V> ? V : never }
}

async function startPeople(dir: (part: string) => string) {
  if (!find('slapd') || !find('ldapmodify')) {
    const server = await startDirectory({ people, groups })
    return { server, line: `directory at ${server.url}, in this process, since there is no slapd` }
  }
  const server = await startSlapd({ dir: dir('directory'), people, groups })
  return { server, line: `directory (slapd) at ${server.url} with ${people.map(({ uid }) => uid).join(', ')}` }
}
