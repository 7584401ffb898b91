/** Berth with the world in memory: real stories, codec and queues, so that only they and the server cost something. */
import { NativeConnection } from '@temporalio/worker'
import { WithStartWorkflowOperation, type Client } from '@temporalio/client'
import { TypedSearchAttributes } from '@temporalio/common'
import { randomUUID } from 'node:crypto'
import { memoryNames } from '../../activities/memory/names.ts'
import { memoryRuntime } from '../../activities/memory/runtime.ts'
import { createChatSteps } from '../../activities/steps/chat.ts'
import { createHostSteps } from '../../activities/steps/host.ts'
import { createNameSteps } from '../../activities/steps/names.ts'
import { createOpenLeases } from '../../activities/temporal.ts'
import { createBrakeSteps } from '../../activities/temporal/brake.ts'
import { createHostMemory } from '../../activities/temporal/hosts.ts'
import { createRetrySteps } from '../../activities/temporal/retry.ts'
import { createSweepSteps } from '../../activities/temporal/sweep.ts'
import { startCore } from '../../worker/core.ts'
import { type HostOptions, startHost } from '../../worker/host.ts'
import type { Keyring } from '../../worker/keys/keyring.ts'
import { prepareNamespace } from '../../worker/namespace.ts'
import { accountId, attributes, coreQueue, lendUpdate } from '../../workflows/contract.ts'
import { defaultClocks } from '../../workflows/rules/clocks.ts'
import type { CoreSteps } from '../../workflows/steps.ts'
import type { Clocks, Entitlement, HostOffer, Receipt, SiteTerms } from '../../workflows/terms.ts'
import { newKey } from '../ports/names.suite.ts'

const minute = 60_000, hour = 60 * minute, gibi = 2 ** 30, instance = 'bench'
export const site = 'campus'

export interface SmallOptions {
  readonly address: string
  readonly namespace: string
  readonly ring: Keyring
  readonly clocks?: Partial<Clocks>
  readonly entitlement?: Partial<Entitlement>
  /** Absent: everything is lent in memory. */
  readonly lend?: SmallHost
}

/** What a host lends on, with or without a watch. */
export interface SmallHost extends Pick<HostOptions, 'steps' | 'watch'> {
  readonly offer: Pick<HostOffer, 'address' | 'ports' | 'runtime'>
}

const inMemory = (): SmallHost => ({
  steps: createHostSteps({ runtime: memoryRuntime({ instance }), openEnv: () => ({}) }),
  offer: { address: '127.0.0.1', ports: [20_000, 30_000], runtime: 'memory' },
})

/** Roles core and host in this process; everybody is a member. Answers with how to stop them. */
export async function startSmall({ address, namespace, ring, lend = inMemory(), ...terms }: SmallOptions): Promise<() => Promise<void>> {
  const connection = await NativeConnection.connect({ address })
  await prepareNamespace(connection, { namespace, instance })
  const context = { connection, namespace, instance, payloads: ring }
  const place: SiteTerms = { name: site, zone: 'bench.test', hosts: ['h1'], ttlMs: 1_000, negativeTtlMs: 1_000 }
  const clocks = { ...defaultClocks, ...terms.clocks }
  const entitlement: Entitlement = {
    policy: 'bench', images: [{ name: 'web', reference: 'web:1', ports: [80] }], catalog: ['web'], cpu: 1, memory: gibi / 2,
    count: 50, totalCpu: 50, totalMemory: 50 * gibi, defaultMs: 2 * hour, longestMs: 8 * hour, longestWaitMs: 10 * minute,
    extend: { stepMs: hour, windowMs: 30 * minute, capMs: 8 * hour }, sites: [place], warnMs: [15 * minute, 5 * minute], graceMs: minute,
    restart: 'never', narrowed: 'keep', ...terms.entitlement,
  }
  const steps: CoreSteps = {
    entitle: async (uid) => ({ is: 'member', uid, uuid: uid, entitlement, clocks }),
    readSite: async () => ({ terms: place, clocks }),
    readSites: async () => [place],
    ...createNameSteps({ names: memoryNames() }), ...createOpenLeases(), ...createSweepSteps(), ...createBrakeSteps(), ...createHostMemory(), ...createRetrySteps(), ...createChatSteps({ chats: {}, seal: (text) => text, startingOf: async () => undefined }),
  }
  const core = await startCore(context, { steps })
  const host = await startHost(context, { ...lend, offer: { host: 'h1', site, cpu: 10_000, memory: 10_000 * gibi, slots: 10_000, ...lend.offer } })
  return async () => {
    await Promise.all([host.stop(), core.stop()])
    await connection.close()
  }
}

/** The gateway's call, without a gateway. */
export function lend(client: Client, member: string, forMs?: number): Promise<Receipt> {
  const requestId = randomUUID()
  return client.workflow.executeUpdateWithStart(lendUpdate, {
    args: [{ requestId, key: newKey(), image: 'web', ports: [], ...(forMs !== undefined && { forMs }) }], updateId: requestId,
    startWorkflowOperation: new WithStartWorkflowOperation('account', {
      workflowId: accountId(member), taskQueue: coreQueue, args: [{ member }], workflowIdConflictPolicy: 'USE_EXISTING',
      typedSearchAttributes: new TypedSearchAttributes([{ key: attributes.owner, value: member }, { key: attributes.kind, value: 'account' }]),
    }),
  })
}
