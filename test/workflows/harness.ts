/** A Berth in a namespace of its own on the run's Temporal server: real stories and workers, the world in memory. */
import { randomBytes, randomUUID } from 'node:crypto'
import { Client, Connection, WithStartWorkflowOperation } from '@temporalio/client'
import { TypedSearchAttributes } from '@temporalio/common'
import { NativeConnection, Worker } from '@temporalio/worker'
import { customAlphabet } from 'nanoid'
import { inject } from 'vitest'
import { memoryDirectory, type MemoryDirectory } from '../../activities/memory/directory.ts'
import type { MemoryImage } from '../../activities/memory/engine.ts'
import { memoryReach, type MemoryReach } from '../../activities/memory/reach.ts'
import { memoryNames, type MemoryNames } from '../../activities/memory/names.ts'
import { memoryRuntime, type MemoryRuntime } from '../../activities/memory/runtime.ts'
import { type MemoryEyes, type MemoryPulse, memoryEyes, memoryPulse } from '../../activities/memory/watch.ts'
import { createMemoryChat, type MemoryChat } from '../../activities/memory/chat.ts'
import { createChatSteps } from '../../activities/steps/chat.ts'
import { createHostSteps } from '../../activities/steps/host.ts'
import { createNameSteps } from '../../activities/steps/names.ts'
import { createOwn } from '../../activities/steps/own.ts'
import { createWatch } from '../../activities/steps/watch.ts'
import { createOpenLeases } from '../../activities/temporal.ts'
import { createBrakeSteps } from '../../activities/temporal/brake.ts'
import { createHostMemory } from '../../activities/temporal/hosts.ts'
import { createRetrySteps } from '../../activities/temporal/retry.ts'
import { startingOf } from '../../activities/temporal/starting.ts'
import { createSweepSteps } from '../../activities/temporal/sweep.ts'
import { sealAccess } from '../../worker/adapters.ts'
import { workflowBundle } from '../../worker/bundle.ts'
import { startCore } from '../../worker/core.ts'
import { startHost } from '../../worker/host.ts'
import { dataConverter } from '../../worker/keys/converter.ts'
import type { Keyring } from '../../worker/keys/keyring.ts'
import { prepareNamespace } from '../../worker/namespace.ts'
import type { RunningRole, WorkerContext } from '../../worker/role.ts'
import type { Traces } from '../../worker/traces.ts'
import {
  type WatchClocks, accountId, attributes, boardQuery, coreQueue, deskQuery, keyAlphabet, keyLength, lendUpdate, mayResumeUpdate, pauseUpdate, siteId, statusQuery,
} from '../../workflows/contract.ts'
import { unavailable } from '../../workflows/refuse.ts'
import { defaultClocks } from '../../workflows/rules/clocks.ts'
import type { CoreSteps, HostSteps, Standing } from '../../workflows/steps.ts'
import type { Board, Clocks, Desk, Ending, Entitlement, HostOffer, LeaseStatus, LendRequest, Phase, Receipt } from '../../workflows/terms.ts'
import { generous } from './terms.ts'
import { installRuntime } from '../../worker/runtime.ts'

export const newKey = customAlphabet(keyAlphabet, keyLength)
const mebi = 2 ** 20

export interface WorldOptions {
  readonly entitlement?: Partial<Entitlement>
  readonly clocks?: Partial<Clocks>
  readonly hosts?: readonly string[]
  /** What every host offers, and what each one does. */
  readonly host?: Partial<HostOffer>
  readonly offers?: Readonly<Record<string, Partial<HostOffer>>>
  /** Uses a namespace that is there: a second world on the same stories. */
  readonly steps?: (steps: CoreSteps) => CoreSteps
  readonly hostSteps?: (steps: HostSteps, host: string) => HostSteps
  readonly maxCachedWorkflows?: number
  /** Default 2 s, so that a worker that was killed is not waited for. */
  readonly stickyMs?: number
  /** Hosts are watched, by these clocks; absent, nobody watches. */
  readonly watch?: Partial<WatchClocks>
  /** Payloads are sealed with it; a fresh one when absent. */
  readonly ring?: Keyring
  /** Address of a Temporal server; the run's own when absent. */
  readonly temporal?: string
  readonly traces?: Traces
  /** What containers of each image do, by reference; absent, every one runs. */
  readonly images?: Readonly<Record<string, MemoryImage>>
}

export interface World {
  readonly client: Client
  readonly context: WorkerContext
  readonly directory: MemoryDirectory
  readonly names: MemoryNames
  /** Slack and Mattermost at once. */
  readonly chat: MemoryChat
  readonly runtimes: Record<string, MemoryRuntime>
  /** Of the hosts that are clusters. */
  readonly reaches: Record<string, MemoryReach>
  /** What the watch of each host sees and feels, when there is one. */
  readonly eyes: Record<string, MemoryEyes>
  readonly pulses: Record<string, MemoryPulse>
  readonly entitlement: { now: Entitlement }
  readonly clocks: Clocks
  lend(member: string, wish?: Partial<LendRequest>): Promise<Receipt>
  status(leaseId: string): Promise<LeaseStatus>
  desk(member: string): Promise<Desk>
  board(site?: string): Promise<Board>
  /** Polls the status until the phase is reached. */
  until(leaseId: string, phase: Phase): Promise<LeaseStatus>
  /** Puts it to sleep as its member does; resolves when its account knows, so that it may be woken. */
  asleep(lease: Pick<Receipt, 'leaseId' | 'key'>, member?: string): Promise<LeaseStatus>
  /** Its member's word; whether it can be woken shows later. */
  wake(lease: Pick<Receipt, 'key'>, member?: string): Promise<void>
  /** Its ending; the answer to lend comes before the lease itself is there. */
  ended(leaseId: string): Promise<Ending>
  containers(): number
  startCore(): Promise<RunningRole>
  startHost(host: string): Promise<RunningRole>
  readonly roles: { core: RunningRole; hosts: Record<string, RunningRole> }
  /** Replays every story that this world has told; answers with what went wrong. */
  replay(): Promise<string[]>
  stop(): Promise<void>
}

export async function world(options: WorldOptions = {}): Promise<World> {
  installRuntime({ level: 'ERROR' })
  const address = options.temporal ?? inject('temporal'), namespace = `t-${randomUUID()}`, instance = 'test'
  const ring = options.ring ?? { current: 'k', keys: new Map([['k', randomBytes(32)]]) }
  const clientConnection = await Connection.connect({ address })
  await prepareNamespace(clientConnection, { namespace, instance })
  const connection = await NativeConnection.connect({ address })
  const context: WorkerContext = { connection, namespace, instance, payloads: ring, ...(options.traces && { traces: options.traces }) }
  const client = new Client({ connection: clientConnection, namespace, dataConverter: dataConverter(ring) })

  const directory = memoryDirectory({ people: [], canary: { uid: 'canary', group: 'canaries' } })
  for (const uid of ['mika', 'noor', 'ada']) directory.put({ uid, groups: ['all'] })
  const names = memoryNames(), chat = createMemoryChat()
  const hosts = options.hosts ?? ['h1']
  const offerOf = (host: string): Omit<HostOffer, 'boot'> => ({
    host, site: 'campus', address: '127.0.0.1', cpu: 8, memory: 8192 * mebi, slots: 50, ports: [21000, 21999], runtime: 'memory',
    ...options.host, ...options.offers?.[host],
  })
  const runtimes = Object.fromEntries(hosts.map((host) =>
    [host, memoryRuntime({ instance, gpu: offerOf(host).gpu ?? 0, ...(options.images && { images: options.images }) })]))
  const reaches = Object.fromEntries(hosts.filter((host) => offerOf(host).runtime === 'kubernetes').map((host) => [host, memoryReach(runtimes[host]!.engine)]))
  const eyes = Object.fromEntries(hosts.map((host) => [host, memoryEyes(runtimes[host]!)]))
  const pulses = Object.fromEntries(hosts.map((host) => [host, memoryPulse()]))
  const entitlement = { now: { ...generous, ...options.entitlement } }
  const clocks: Clocks = { ...defaultClocks, hostQueueMs: 5_000, ...options.clocks }

  const plain: CoreSteps = {
    async entitle(member): Promise<Standing> {
      const found = await directory.find(member).catch((error: unknown) => { throw unavailable('The directory does not answer.', error) })
      if (found.is === 'absent') return { is: 'nobody', sentence: `There is nobody called ${member} in the directory.`, clocks }
      if (found.person.disabled) return { is: 'disabled', uuid: found.person.uuid, sentence: 'Your account in the directory is disabled.', clocks }
      return { is: 'member', uid: found.person.uid, uuid: found.person.uuid, entitlement: entitlement.now, clocks }
    },
    readSite: async (site) => {
      const terms = entitlement.now.sites.find(({ name }) => name === site)
      return terms && { terms, clocks }
    },
    readSites: async () => entitlement.now.sites,
    ...createNameSteps({ names }),
    ...createOpenLeases(),
    ...createSweepSteps(),
    ...createBrakeSteps(),
    ...createHostMemory(),
    ...createRetrySteps(),
    ...createChatSteps({ chats: { slack: chat, mattermost: chat }, directory, seal: (text) => `sealed ${text}`, startingOf }),
  }
  const steps = options.steps?.(plain) ?? plain
  const core = () => startCore(context, { steps, stickyMs: options.stickyMs ?? 2_000, maxCachedWorkflows: options.maxCachedWorkflows ?? 200 })
  const host = (name: string) => {
    const plain = createHostSteps({
      runtime: runtimes[name]!, openEnv: (sealed) => JSON.parse(sealed) as Record<string, string>,
      ...(reaches[name] && { reach: { of: reaches[name], seal: sealAccess } }),
    })
    const own = createOwn(), hostSteps = own.wrap(plain), senses = { eyes: eyes[name]!, pulse: pulses[name]!, own }
    return startHost(context, {
      steps: options.hostSteps?.(hostSteps, name) ?? hostSteps, sayEveryMs: 2_000,
      ...(options.watch && { watch: createWatch(senses), watchClocks: options.watch }),
      offer: offerOf(name),
    })
  }
  const roles = { core: await core(), hosts: Object.fromEntries(await Promise.all(hosts.map(async (name) => [name, await host(name)] as const))) }

  const status = (leaseId: string) => client.workflow.getHandle(leaseId).query(statusQuery)
  const desk = (member: string) => client.workflow.getHandle(accountId(member)).query(deskQuery)
  const until = (leaseId: string, phase: Phase) => eventually(async () => {
    const seen = await status(leaseId)
    return seen.phase === phase ? seen : undefined
  }, `${leaseId} is ${phase}`)
  return {
    client, context, directory, names, chat, runtimes, reaches, eyes, pulses, entitlement, clocks, roles, status,
    startCore: core,
    startHost: host,
    desk,
    board: (site = 'campus') => client.workflow.getHandle(siteId(site)).query(boardQuery),
    async lend(member, wish = {}) {
      const request: LendRequest = { requestId: randomUUID(), key: newKey(), image: 'web', ports: [], ...wish }
      return client.workflow.executeUpdateWithStart(lendUpdate, {
        args: [request], updateId: request.requestId,
        startWorkflowOperation: new WithStartWorkflowOperation('account', {
          workflowId: accountId(member), taskQueue: coreQueue, args: [{ member }], workflowIdConflictPolicy: 'USE_EXISTING',
          typedSearchAttributes: new TypedSearchAttributes([{ key: attributes.owner, value: member }, { key: attributes.kind, value: 'account' }]),
        }),
      })
    },
    until,
    async asleep({ leaseId, key }, member = 'mika') {
      await client.workflow.getHandle(leaseId).executeUpdate(pauseUpdate, { args: [{ key, by: { uid: member } }] })
      const paused = await until(leaseId, 'paused')
      await eventually(async () => (await desk(member)).leases.find((one) => one.key === key)?.paused, 'the account knows')
      return paused
    },
    wake: ({ key }, member = 'mika') => client.workflow.getHandle(accountId(member)).executeUpdate(mayResumeUpdate, { args: [{ key, by: { uid: member } }] }),
    async ended(leaseId) {
      await eventually(() => status(leaseId), `${leaseId} is there`)
      return await client.workflow.getHandle(leaseId).result() as Ending
    },
    replay: () => replayAll(client, ring),
    containers: () => Object.values(runtimes).reduce((sum, { engine }) => sum + engine.containers.size, 0),
    async stop() {
      await Promise.all([roles.core, ...Object.values(roles.hosts)].map((role) => role.stop().catch(() => undefined)))
      await connection.close()
      await clientConnection.close()
    },
  }
}

async function replayAll(client: Client, ring: Keyring): Promise<string[]> {
  const histories: { workflowId: string; history: Awaited<ReturnType<ReturnType<Client['workflow']['getHandle']>['fetchHistory']>> }[] = []
  for await (const { workflowId, runId } of client.workflow.list()) {
    histories.push({ workflowId, history: await client.workflow.getHandle(workflowId, runId).fetchHistory() })
  }
  const wrong: string[] = []
  const results = Worker.runReplayHistories({ workflowBundle: await workflowBundle(), dataConverter: dataConverter(ring) }, histories)
  let told = 0
  for await (const { workflowId, error } of results) {
    told++
    if (error) wrong.push(`${workflowId}: ${error.message}`)
  }
  return told === histories.length && told > 0 ? wrong : [...wrong, `${told} of ${histories.length} were replayed`]
}

/** Looks again until there is an answer, for what no event announces; seldom where it takes long, since each look costs a story a task. */
export async function eventually<T>(look: () => Promise<T | undefined | false> | T | undefined | false, what: string, ms = 30_000): Promise<T> {
  const began = Date.now(), deadline = began + ms
  let last: unknown
  for (;;) {
    try {
      const seen = await look()
      if (seen !== undefined && seen !== false) return seen as T
    } catch (error) {
      last = error
    }
    if (Date.now() > deadline) throw new Error(`waited ${ms} ms in vain: ${what}`, { cause: last })
    await new Promise((done) => setTimeout(done, Math.min(50 + (Date.now() - began) / 10, 400)))
  }
}
