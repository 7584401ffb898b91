/** A command's door to Berth, bound to one request of one member. */
import type { UpdateDefinition } from '@temporalio/common'
import {
  accountId, extendUpdate, holdUpdate, keepUpdate, logsUpdate, mayResumeUpdate, pauseUpdate, releaseUpdate, statusQuery, unreachUpdate,
} from '../../workflows/contract.ts'
import type { Caller, Desk } from '../../workflows/terms.ts'
import { ask, type Temporal } from '../ask.ts'
import type { Door, FoundLease } from '../commands/door.ts'
import { stop } from '../refused.ts'
import { keyOf, type Accounts } from './accounts.ts'
import { findAnybodys, findOwn, notFound } from './find.ts'
import type { GatewayOptions } from './options.ts'
import type { Seals } from './seals.ts'
import { reach, unreachAll } from './reach.ts'
import { createAdminDoor } from './sites.ts'
import { update as updateOf } from './update.ts'

export interface DoorNeeds {
  readonly temporal: Temporal
  readonly accounts: Accounts
  readonly seals: Seals
  readonly options: GatewayOptions
  readonly knows: (member: string) => Promise<boolean>
  /** Told of the workflow that the request is about, for a log line. */
  readonly about?: (workflowId: string) => void
}

export interface DoorOf {
  readonly member: string
  /** Of the caller's token; a chat account has none, for its link is ended instead. */
  readonly epoch?: number
  /** Digest of the line as it was typed: typed twice in a row, it lends once. */
  readonly line?: string
  /** The same for every delivery of one request. */
  readonly requestId: string
  /** The caller's desk; asked once per request. */
  readonly desk: () => Promise<Desk>
  /** Asks the directory; throws the refusal when the caller is no admin at this moment. */
  readonly proveAdmin: () => Promise<void>
}

type Asked<R, A> = { readonly def: UpdateDefinition<R, [A]>; readonly arg: (by: Caller) => A; readonly id?: string }

export function createDoor({ temporal, accounts, seals, options, knows, about }: DoorNeeds, of: DoorOf): Door {
  const { member, requestId } = of, updating = { temporal, requestId, updateMs: options.updateMs }
  const callerFor = async (lease: FoundLease): Promise<Caller> => {
    if (lease.member === member) return { uid: member }
    await of.proveAdmin()
    return { uid: member, admin: true }
  }
  const update = async <R, A>(lease: FoundLease, { def, arg, id }: Asked<R, A>): Promise<R> => {
    if (lease.ending) throw over(lease)
    const by = await callerFor(lease)
    return updateOf(updating, lease, { def, arg: arg(by), id, over: () => over(lease) })
  }
  return {
    member,
    now: options.now,
    desk: of.desk,
    lend: async ({ env, ...wish }) => {
      const key = keyOf(member, requestId)
      const receipt = await accounts.lend(member, {
        ...wish, requestId, key, ...(of.epoch !== undefined && { epoch: of.epoch }), ...(of.line !== undefined && { line: of.line }), ...(env && { env: seals.sealEnv(env, key) }),
      })
      about?.(receipt.leaseId)
      return receipt
    },
    find: async (which) => {
      const own = findOwn(await of.desk(), which)
      about?.(own?.leaseId ?? accountId(member))
      if (own) return own
      // Whoever is no admin, or cannot be proven one just now, learns the same as of a lease that does not exist.
      const admin = await of.proveAdmin().then(() => true, () => false)
      if (!admin) throw notFound(which)
      return findAnybodys(temporal, which, options.queryMs)
    },
    status: (leaseId) => ask(temporal, { id: leaseId, of: statusQuery, withinMs: options.queryMs }),
    extend: (lease, byMs) => update(lease, { def: extendUpdate, arg: (by) => ({ key: lease.key, requestId, by, ...(byMs !== undefined && { byMs }) }) }),
    hold: async (lease, { until, reason }) => {
      await of.proveAdmin()
      return update(lease, { def: holdUpdate, arg: (by) => ({ key: lease.key, by: { ...by, admin: true }, until, reason }) })
    },
    release: (lease) => update(lease, { def: releaseUpdate, arg: (by) => ({ key: lease.key, by }) }),
    keep: (lease, until) => update(lease, { def: keepUpdate, arg: (by) => ({ key: lease.key, by, until }) }),
    // A lease of an older worker answers nothing.
    pause: async (lease) => (await update(lease, { def: pauseUpdate, arg: (by) => ({ key: lease.key, by }) })) ?? {},
    // The account decides, since pausing freed cpu and memory.
    resume: (lease) => update(lease, { def: mayResumeUpdate, arg: (by) => ({ key: lease.key, by }), id: accountId(lease.member) }),
    logs: (lease, lines) => update(lease, { def: logsUpdate, arg: (by) => ({ key: lease.key, by, lines }) }),
    reach: async (lease) => {
      if (lease.ending) throw over(lease)
      return reach(updating, lease, { by: await callerFor(lease), seals, over: () => over(lease) })
    },
    unreach: async (lease) => lease ? [{ name: lease.name, ...await update(lease, { def: unreachUpdate, arg: (by) => ({ key: lease.key, by }) }) }]
      : unreachAll(updating, (await of.desk()).leases, { uid: member }),
    admin: createAdminDoor({ temporal, accounts, options, knows, requestId, prove: async () => {
      await of.proveAdmin()
      return member
    } }),
  }
}

const over = (lease: FoundLease) => stop('over', lease.ending
  ? `${lease.name} is over: ${lease.ending.sentence} berth lend gets you another one.`
  : `${lease.name} is over; berth lend gets you another one.`)
