/** Makes a namespace fit for Berth: there, with our search attributes, and of our instance alone (design, section 5). */
import type { Connection } from '@temporalio/client'
import { SearchAttributeType, msToTs } from '@temporalio/common'
import { attributes } from '../workflows/contract.ts'

type Services = Pick<Connection, 'workflowService' | 'operatorService'>

const instanceKey = 'berth.instance'
/** Since when the namespace is ours, in ms: one that is younger than the things with our mark is not the one that lent them. */
const sinceKey = 'berth.since'
/** Numbers of temporal.api.enums.v1.IndexedValueType, whose package is not ours to import. */
const wireType = {
  [SearchAttributeType.TEXT]: 1, [SearchAttributeType.KEYWORD]: 2, [SearchAttributeType.INT]: 3, [SearchAttributeType.DOUBLE]: 4,
  [SearchAttributeType.BOOL]: 5, [SearchAttributeType.DATETIME]: 6, [SearchAttributeType.KEYWORD_LIST]: 7,
} as const satisfies Record<SearchAttributeType, number>

/** The namespace belongs to another instance of Berth. */
export class ForeignNamespace extends Error {
  override name = 'ForeignNamespace'
}

export interface NamespaceWish {
  readonly namespace: string
  /** Ours; recorded in the namespace the first time. */
  readonly instance: string
  /** How long closed workflows are kept; at least an hour. A new namespace gets 30 days when absent. */
  readonly retentionMs?: number
}

/** Idempotent; returns when namespace and attributes are usable. Throws `ForeignNamespace` when another instance has it. */
export async function prepareNamespace(services: Services, wish: NamespaceWish): Promise<void> {
  await within(30_000, () => register(services, wish))
  const recorded = await within(30_000, () => claim(services, wish))
  if (recorded !== wish.instance) {
    throw new ForeignNamespace(`The Temporal namespace ${wish.namespace} belongs to the Berth instance ${recorded}, `
      + `and this is ${wish.instance}: give this one a namespace of its own.`)
  }
  await within(30_000, () => addAttributes(services, wish.namespace))
  await within(30_000, () => search(services, wish.namespace))
}

async function register({ workflowService }: Services, wish: NamespaceWish): Promise<void> {
  try {
    await workflowService.describeNamespace({ namespace: wish.namespace })
  } catch (error) {
    if (codeOf(error) !== 5) throw error
    await workflowService.registerNamespace({
      namespace: wish.namespace, data: { [instanceKey]: wish.instance, [sinceKey]: String(Date.now()) },
      workflowExecutionRetentionPeriod: msToTs(wish.retentionMs ?? 30 * 24 * 3_600_000),
    }).catch((error) => { if (codeOf(error) !== 6) throw error })
  }
}

/** Records our instance where none is recorded, and the retention where it differs; answers with whose it is. */
async function claim({ workflowService }: Services, wish: NamespaceWish): Promise<string> {
  const read = async () => {
    const { namespaceInfo, config } = await workflowService.describeNamespace({ namespace: wish.namespace })
    return { recorded: namespaceInfo?.data?.[instanceKey], since: namespaceInfo?.data?.[sinceKey], kept: Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0) * 1000 }
  }
  const { recorded, since, kept } = await read()
  if (recorded && recorded !== wish.instance) return recorded
  const retention = wish.retentionMs !== undefined && wish.retentionMs !== kept
  if (recorded && since && !retention) return recorded
  await workflowService.updateNamespace({
    namespace: wish.namespace,
    ...((!recorded || !since) && { updateInfo: { data: { [instanceKey]: wish.instance, [sinceKey]: since ?? String(Date.now()) } } }),
    ...(retention && { config: { workflowExecutionRetentionTtl: msToTs(wish.retentionMs) } }),
  })
  return (await read()).recorded ?? ''
}

async function addAttributes({ operatorService }: Services, namespace: string): Promise<void> {
  const { customAttributes } = await operatorService.listSearchAttributes({ namespace })
  const missing = Object.values(attributes).filter(({ name }) => customAttributes?.[name] === undefined)
  if (!missing.length) return
  await operatorService.addSearchAttributes({
    namespace, searchAttributes: Object.fromEntries(missing.map(({ name, type }) => [name, wireType[type]])),
  }).catch((error) => { if (codeOf(error) !== 6) throw error })
}

/** A search that names every attribute works only once the server's caches have caught up. */
async function search({ workflowService }: Services, namespace: string): Promise<void> {
  const query = Object.values(attributes).map(({ name }) => `${name} IS NULL`).join(' AND ')
  await workflowService.countWorkflowExecutions({ namespace, query })
}

/** Tries again while the server has not caught up yet; the last error is the answer. */
async function within<T>(ms: number, act: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + ms
  for (;;) {
    try {
      return await act()
    } catch (error) {
      const passing = [3, 4, 5, 8, 9, 10, 14].includes(codeOf(error) ?? -1)
      if (!passing || Date.now() > deadline) throw error
      await new Promise((done) => setTimeout(done, 100))
    }
  }
}

/** The gRPC status code of an error: the client's connection has it on the cause, the worker's native one on the error itself. */
function codeOf(error: unknown): number | undefined {
  const [own, inner] = [error, error instanceof Error ? error.cause : undefined].map((at) => (at as { code?: number } | undefined)?.code)
  return inner ?? own
}
