/** One Berth on real parts for a test file: engine, slapd, a nameserver, Temporal, roles as processes, and the CLI. */
import { randomBytes, randomUUID } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, Connection } from '@temporalio/client'
import { inject } from 'vitest'
import { accountId, boardQuery, deskQuery, siteId } from '../../workflows/contract.ts'
import { srvNames } from '../../workflows/rules/naming.ts'
import type { Board, Desk, LeaseStatus } from '../../workflows/terms.ts'
import { checkConfig, type Config } from '../../worker/config.ts'
import { clear, clearWhenWeDie } from '../../worker/demo/clear.ts'
import { type CliAnswer, berth as cli } from '../../worker/demo/cli.ts'
import { type ChatSurroundings, makeConfiguration } from '../../worker/demo/configuration.ts'
import { type SeenContainer, addressesOf, servicesOf, textsOf } from '../../worker/demo/look.ts'
import { type RoleProcess, startProcess } from '../../worker/demo/process.ts'
import { startKnot } from '../../worker/embedded/knot.ts'
import { startNamed } from '../../worker/embedded/named.ts'
import { freePort } from '../../worker/embedded/port.ts'
import { portRange } from '../../worker/embedded/ports.ts'
import { type Slapd, startSlapd } from '../../worker/embedded/slapd.ts'
import { freeSubnet } from '../../worker/embedded/subnet.ts'
import { type EmbeddedTemporal, startTemporal } from '../../worker/embedded/temporal/start.ts'
import type { Nameserver } from '../../worker/embedded/zone.ts'
import { readKeyring } from '../../worker/keys/keyring.ts'
import { dataConverter } from '../../worker/keys/converter.ts'
import { type LentThere, inCluster, onEngine } from './lent.ts'
import { type PolicyOptions, writePolicy } from './policy.ts'
import { installRuntime } from '../../worker/runtime.ts'

installRuntime({ level: 'ERROR' })

export const password = 'journey'
const people = ['mika', 'noor', 'ada', 'guest'].map((uid) => ({ uid, password }))
const groups = [{ cn: 'students', members: ['mika', 'noor'] }, { cn: 'admins', members: ['ada'] }]

/** Node ports of journeys; suites take higher ones. Others on the cluster may have some, so that the next are tried. */
const clusterPorts = [30_000, 30_999] as const

export type Role = Config['roles'][number]
export const allRoles: readonly Role[] = ['core', 'host', 'gateway']

export interface BerthOptions {
  readonly nameserver?: 'knot' | 'bind'
  readonly policy?: Omit<PolicyOptions, 'zone' | 'hosts'>
  /** A Temporal of its own, to be killed; else the run's. */
  readonly ownTemporal?: boolean
  /** Another engine than the run's. */
  readonly engine?: string
  /** Shares directory, nameserver and zone of that one, as a second instance beside it. */
  readonly beside?: Journey
  readonly listenMs?: number
  readonly chat?: ChatSurroundings
  /** One more host of the site: a cluster. Its role is started with `onCluster`. `alone`: it is the only host. */
  readonly cluster?: { readonly kubeconfig: string; readonly alone?: boolean; readonly kubernetes?: object }
}

export interface Journey {
  readonly instance: string
  readonly zone: string
  readonly dir: string
  readonly socket: string
  readonly slapd: Slapd
  readonly nameserver: Nameserver
  readonly updateKey: { readonly name: string; readonly secret: string }
  readonly temporal: { readonly address: string; readonly namespace: string; readonly own?: EmbeddedTemporal }
  readonly policyFile: string
  /** What a process with all roles reads. */
  readonly configuration: ReturnType<typeof makeConfiguration>
  readonly gateway: string
  /** Temporal's client with Berth's codec; for looking, and for what an admin does by hand. */
  readonly client: () => Client
  /** A process of these roles; stopped with the journey if it still runs. */
  start(roles?: readonly Role[], options?: { readonly main?: string; readonly change?: object; readonly namespace?: string }): Promise<RoleProcess>
  /** What a host role of the cluster reads instead of the engine's part; for `change`. */
  readonly onCluster: { readonly host: object } | undefined
  /** `berth WORDS…` as this member. */
  as(member: string, ...words: string[]): Promise<CliAnswer>
  /** The same with `--json`, read; fails when the exit code is not 0. */
  asked<T>(member: string, ...words: string[]): Promise<T>
  login(member: string): Promise<void>
  status(member: string, lease: string): Promise<LeaseStatus>
  desk(member: string): Promise<Desk>
  board(): Promise<Board>
  /** What the engine, or a cluster that is the only host, has of this instance: containers in any state, and networks. */
  containers(): Promise<readonly SeenContainer[]>
  networks(): Promise<readonly string[]>
  /** Records that the nameserver has for a lease. */
  records(lease: LeaseStatus): Promise<{ services: { name: string; port: number }[]; addresses: string[]; texts: string[][] }>
  /** Nothing is left of it: on the engine, in the zone, at the site. */
  untilNothingIsLeft(...leases: LeaseStatus[]): Promise<void>
  stop(): Promise<void>
}

export async function journey(options: BerthOptions = {}): Promise<Journey> {
  const { beside } = options
  const root = mkdtempSync(join(tmpdir(), 'berth-journey-'))
  const folder = (name: string) => {
    mkdirSync(join(root, name), { recursive: true, mode: 0o700 })
    return join(root, name)
  }
  const undo: (() => Promise<unknown>)[] = [async () => rmSync(root, { recursive: true, force: true })]
  const keep = <T extends { stop(): Promise<unknown> }>(it: T): T => {
    undo.push(() => it.stop())
    return it
  }
  const stop = async () => {
    const failures: unknown[] = []
    for (const act of undo.splice(0).reverse()) await act().catch((error: unknown) => { failures.push(error) })
    if (failures.length > 0) throw new AggregateError(failures, `The journey left something behind: ${failures.map(String).join('; ')}`)
  }
  try {
    return await begin()
  } catch (error) {
    await stop().catch(() => undefined)
    throw error
  }

  async function begin(): Promise<Journey> {
    const short = randomUUID().slice(0, 8), instance = `j-${short}`, namespace = `j-${short}`
    const zone = beside?.zone ?? 'journey.berth.test', host = `h-${short}`
    const socket = options.engine ?? inject('engine')
    const updateKey = beside?.updateKey ?? { name: 'journey-key', secret: randomBytes(32).toString('base64') }
    const startNameserver = options.nameserver === 'bind' ? startNamed : startKnot
    const [slapd, nameserver, own] = await Promise.all([
      beside?.slapd ?? startSlapd({ dir: folder('directory'), people, groups }).then(keep),
      beside?.nameserver ?? startNameserver({ dir: folder('names'), zones: [zone], key: updateKey, notifyEveryMs: 100 }).then(keep),
      options.ownTemporal ? startTemporal({ dir: folder('temporal') }).then(keep) : undefined,
    ])
    const address = own?.address ?? inject('temporal')
    const range = await portRange(20)
    undo.push(() => range.release())
    const policyFile = join(folder('berth'), 'policy.yaml'), gatewayPort = await freePort()
    const clusterHost = options.cluster && `k-${short}`
    const alone = options.cluster?.alone === true
    writePolicy(policyFile, { zone, hosts: [...(alone ? [] : [host]), ...(clusterHost === undefined ? [] : [clusterHost])], ...options.policy })
    const onCluster = clusterHost === undefined ? undefined : { host: {
      name: clusterHost, site: 'campus', ports: clusterPorts, slots: 50, probeMs: options.listenMs ?? 30_000,
      kubernetes: { kubeconfig: options.cluster!.kubeconfig, reserve: 0.02, ...options.cluster!.kubernetes },
    } }
    const made = makeConfiguration({
      dir: folder('berth'), instance, roles: allRoles, policy: policyFile, directory: slapd, nameserver, zones: [zone], updateKey, gatewayPort,
      ...(options.chat && { chat: options.chat }),
      host: { name: host, site: 'campus', socket, ports: range.ports, range: freeSubnet(20), wall: 'iptables', probeMs: options.listenMs ?? 30_000 },
    })
    // Of an engine's part a cluster reads nothing.
    const configuration = alone ? { ...made, host: onCluster!.host as unknown as typeof made.host } : made
    const lent: LentThere = alone ? inCluster(options.cluster!.kubeconfig, instance) : onEngine(socket, instance)
    undo.push(() => lent.close())
    if (!alone) {
      undo.push(() => clear(checkConfig(made)))
      const spare = clearWhenWeDie(made, folder('berth'))
      undo.unshift(async () => spare())
    }
    const ring = readKeyring(configuration.keys.payloads)
    const connection = Connection.lazy({ address })
    undo.push(() => connection.close())
    const gateway = `http://127.0.0.1:${gatewayPort}`
    let processes = 0

    const at = (member: string) => ({ gateway, home: folder(`home-${member}`) })
    const as: Journey['as'] = (member, ...words) => cli(words, at(member))
    const asked = async <T>(member: string, ...words: string[]): Promise<T> => {
      const { code, out, err } = await as(member, ...words, '--json')
      if (code !== 0) throw new Error(`berth ${words.join(' ')} ended with ${code}: ${out}${err}`)
      return JSON.parse(out) as T
    }
    const client = () => new Client({ connection, namespace, dataConverter: dataConverter(ring) })
    const { containers, networks } = lent
    const board = () => client().workflow.getHandle(siteId('campus')).query(boardQuery)
    const records: Journey['records'] = async ({ label, spec }) => ({
      services: (await Promise.all(srvNames(spec.ports, label, zone).map((name) => servicesOf(nameserver, name)))).flat(),
      addresses: await addressesOf(nameserver, `${label}.${zone}`),
      texts: await textsOf(nameserver, `${label}.${zone}`),
    })
    return {
      instance, zone, dir: root, socket, slapd, nameserver, updateKey, policyFile, configuration, onCluster, gateway, client, as, asked, containers, networks, board, records,
      temporal: { address, namespace, ...(own && { own }) },
      async start(roles = allRoles, { main, change = {}, namespace: other = namespace } = {}) {
        const it = await startProcess({
          dir: folder('berth'), name: `${++processes}-${roles.join('-')}`, config: { ...configuration, roles, ...change },
          temporal: { address, namespace: other }, ...(main !== undefined && { main }),
        })
        return keep(it)
      },
      async login(member) {
        const { code, err } = await cli(['login', member, '--password-stdin'], { ...at(member), input: password })
        if (code !== 0) throw new Error(`${member} could not sign in: ${err}`)
      },
      status: (member, lease) => asked<LeaseStatus>(member, 'status', lease),
      desk: (member) => client().workflow.getHandle(accountId(member)).query(deskQuery),
      async untilNothingIsLeft(...leases) {
        await eventually('no container is left', async () => (await containers()).length === 0)
        await eventually('no network is left', async () => (await networks()).length === 0)
        for (const lease of leases) {
          await eventually(`no record of ${lease.name} is left`, async () => {
            const { services, addresses, texts } = await records(lease)
            return services.length + addresses.length + texts.length === 0
          })
        }
        await eventually('the site counts nothing', async () => {
          const { hosts, line } = await board()
          return line.length === 0 && hosts.every(({ leases, cpu, memory, slots }) => leases.length + cpu.used + memory.used + slots.used === 0)
        })
      },
      stop,
    }
  }
}

/** Looks until it holds, or an answer is there; for what no event announces. */
export async function eventually<T>(what: string, look: () => Promise<T | undefined | false>, withinMs = 45_000): Promise<T> {
  let last: unknown
  for (const deadline = Date.now() + withinMs; ;) {
    try {
      const seen = await look()
      if (seen !== undefined && seen !== false) return seen as T
      last = undefined
    } catch (error) {
      last = error
    }
    if (Date.now() > deadline) throw new Error(`Not within ${withinMs / 1000} s: ${what}`, { cause: last })
    await new Promise((done) => setTimeout(done, 100))
  }
}
