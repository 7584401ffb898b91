/** A site in a namespace of its own, with fake leases and hosts whose inventory is a list. */
import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { Client, Connection, type WorkflowHandle } from '@temporalio/client'
import { TypedSearchAttributes } from '@temporalio/common'
import { NativeConnection, Worker, type WorkflowBundle, bundleWorkflowCode } from '@temporalio/worker'
import { inject } from 'vitest'
import { createOpenLeases } from '../../activities/temporal.ts'
import { createHostMemory } from '../../activities/temporal/hosts.ts'
import { prepareNamespace } from '../../worker/namespace.ts'
import { type LeaseInput, attributes, boardQuery, coreQueue, hostQueue, hostUpSignal, leaseId, placedSignal, siteId } from '../../workflows/contract.ts'
import type { Owned } from '../../workflows/ports.ts'
import { defaultClocks } from '../../workflows/rules/clocks.ts'
import type { HostSteps } from '../../workflows/steps.ts'
import type { Board, Clocks, HostOffer, Place, SiteTerms } from '../../workflows/terms.ts'
import { type FakeLease, heardQuery, orderSignal, type Order } from './fixtures/site.ts'
import { eventually } from './harness.ts'
import { generous } from './terms.ts'
import { installRuntime } from '../../worker/runtime.ts'

installRuntime({ level: 'ERROR' })

const GiB = 2 ** 30
let bundle: Promise<WorkflowBundle> | undefined
const stories = () => bundle ??= bundleWorkflowCode({ workflowsPath: fileURLToPath(new URL('./fixtures/site.ts', import.meta.url)) })

export interface SiteWorldOptions {
  readonly clocks?: Partial<Clocks>
  readonly terms?: Partial<SiteTerms>
}

export type SiteWorld = Awaited<ReturnType<typeof siteWorld>>

export async function siteWorld({ clocks, terms }: SiteWorldOptions = {}) {
  const namespace = `site-${randomUUID()}`, workflowBundle = await stories()
  const connection = await Connection.connect({ address: inject('temporal') })
  await prepareNamespace(connection, { namespace, instance: 'test' })
  const native = await NativeConnection.connect({ address: inject('temporal') })
  const client = new Client({ connection, namespace })

  const policy = {
    clocks: { ...defaultClocks, hostQueueMs: 2_000, ...clocks },
    terms: { name: 'home', zone: 'lab.example', hosts: ['h1', 'h2'], ttlMs: 50, negativeTtlMs: 50, ...terms } as SiteTerms,
    read: 0,
  }
  const activities = {
    ...createOpenLeases({ answerMs: 2_000 }), ...createHostMemory(),
    readSite: (): Promise<Pick<typeof policy, 'terms' | 'clocks'>> => {
      policy.read++
      return Promise.resolve({ terms: policy.terms, clocks: policy.clocks })
    },
  }
  const running: { worker: Worker; done: Promise<void> }[] = []
  const run = (worker: Worker) => {
    const done = worker.run()
    running.push({ worker, done })
    return worker
  }
  run(await Worker.create({ connection: native, namespace, taskQueue: coreQueue, workflowBundle, activities }))

  const owned: Record<string, Owned[]> = {}
  const handle = client.workflow.getHandle(siteId('home'))
  const leases = new Map<string, WorkflowHandle>(), runs = new Set<string>()

  const it = {
    client, policy, owned, handle,
    async host(name: string) {
      const steps: Pick<HostSteps, 'listOwned' | 'removeOwned'> = {
        listOwned: () => Promise.resolve(owned[name] ?? []),
        removeOwned: (one) => {
          owned[name] = (owned[name] ?? []).filter(({ object }) => object !== one.object)
          return Promise.resolve()
        },
      }
      return run(await Worker.create({ connection: native, namespace, taskQueue: hostQueue(name), activities: steps }))
    },
    async hostUp(host: string, size: Partial<HostOffer> = {}): Promise<void> {
      const offer: HostOffer = {
        host, site: 'home', address: '192.0.2.7', cpu: 2, memory: 8 * GiB, slots: 10, ports: [20_000, 20_099], runtime: 'memory', boot: 'b', ...size,
      }
      const started = await client.workflow.signalWithStart('site', {
        workflowId: siteId('home'), taskQueue: coreQueue, args: [{ site: 'home' }], signal: hostUpSignal, signalArgs: [offer],
        typedSearchAttributes: new TypedSearchAttributes([{ key: attributes.kind, value: 'site' }, { key: attributes.site, value: 'home' }]),
      })
      runs.add(started.signaledRunId)
    },
    async lend(key: string, size: Partial<FakeLease> = {}): Promise<void> {
      const wish: FakeLease = { key, member: 'mika', cpu: 1, memory: GiB, ports: 1, site: 'home', ...size }
      leases.set(key, await client.workflow.start('lease', {
        workflowId: leaseId({ name: 'web', member: wish.member, key }), taskQueue: coreQueue, args: [wish],
        typedSearchAttributes: new TypedSearchAttributes([{ key: attributes.site, value: 'home' }, { key: attributes.owner, value: wish.member }]),
      }))
    },
    /** A lease that nobody works for: it has heard that it has a place, and says nothing. */
    async stuck(key: string, place: Place): Promise<void> {
      const input: LeaseInput = {
        key, name: 'web', label: `web-${key}`, member: 'mika', asked: Date.now(), forMs: 3_600_000, sites: [policy.terms], clocks: policy.clocks,
        entitlement: generous, spec: { image: 'web', reference: 'web:1', cpu: 1, memory: GiB, ports: [80] },
      }
      await client.workflow.signalWithStart('lease', {
        workflowId: leaseId(input), taskQueue: 'nobody', args: [input], signal: placedSignal, signalArgs: [{ key, place }],
        typedSearchAttributes: new TypedSearchAttributes([{ key: attributes.site, value: 'home' }, { key: attributes.owner, value: 'mika' }]),
      })
    },
    order: (key: string, order: Order) => leases.get(key)!.signal(orderSignal, order),
    lease: (key: string) => leases.get(key)!,
    heard: (key: string) => leases.get(key)!.query(heardQuery),
    placed: (key: string) => eventually(async () => (await it.heard(key)).flatMap((word) => ('placed' in word ? word.placed : [])).at(-1), `${key} is placed`),
    queued: (key: string) => eventually(async () => (await it.heard(key)).flatMap((word) => ('queued' in word ? word.queued : [])).at(-1), `${key} is queued`),
    seen: async (key: string) => (await it.heard(key)).flatMap((word) => ('seen' in word ? word.seen : [])),
    board: (): Promise<Board> => handle.query(boardQuery),
    boardWhen: (is: (board: Board) => boolean, what: string) => eventually(async () => {
      const board = await it.board()
      return is(board) && board
    }, what),
    /** Histories of every run of the site replay with today's code; ends everything. */
    async stop(): Promise<number[]> {
      const lengths: number[] = []
      for await (const { runId } of client.workflow.list({ query: `WorkflowType = 'site'` })) runs.add(runId)
      await Promise.all(running.map(({ worker, done }) => {
        if (worker.getState() === 'RUNNING') worker.shutdown()
        return done
      }))
      const histories = await Promise.all([...runs].map(async (runId) => (
        { workflowId: siteId('home'), history: await client.workflow.getHandle(siteId('home'), runId).fetchHistory() })))
      for await (const { error } of Worker.runReplayHistories({ workflowBundle }, histories)) if (error) throw error
      lengths.push(...histories.map(({ history }) => history.events!.length))
      await native.close()
      await connection.close()
      return lengths
    },
  }
  return it
}

export const box = (key: string, number: number, hostPorts: readonly number[]): Owned =>
  ({ key, number, member: 'mika', what: 'container', object: `berth-test-${key}-${number}`, running: true, hostPorts, createdAt: 0 })
