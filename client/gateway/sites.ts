/** What admins do to sites and accounts, over Temporal. */
import {
  accountId, attributes, boardQuery, drainUpdate, forgetUpdate, recheckSignal, retryUpdate, revokeSignal, siteId,
} from '../../workflows/contract.ts'
import type { Board } from '../../workflows/terms.ts'
import { ask, type Temporal } from '../ask.ts'
import type { AdminDoor } from '../commands/door.ts'
import { quote } from '../commands/values.ts'
import { stop } from '../refused.ts'
import type { Accounts } from './accounts.ts'
import { isGone } from './failures.ts'
import type { GatewayOptions } from './options.ts'
import { unreachAll } from './reach.ts'
import { createSweepDoor } from './sweeps.ts'
import { update } from './update.ts'

interface Needs {
  readonly temporal: Temporal
  readonly accounts: Accounts
  readonly options: Pick<GatewayOptions, 'queryMs' | 'updateMs'>
  /** Whether the directory knows this member. */
  readonly knows: (member: string) => Promise<boolean>
  readonly requestId: string
  /** The admin's own uid, proven an admin just now; throws the refusal otherwise. */
  readonly prove: () => Promise<string>
}

export function createAdminDoor({ temporal, accounts, options, knows, requestId, prove }: Needs): AdminDoor {
  const boardOf = (id: string) => ask(temporal, { id, of: boardQuery, withinMs: options.queryMs })
  const open = async (kind: string, most: number) => {
    const ids: { id: string; owner: string }[] = []
    for await (const one of temporal.workflow.list({ query: `BerthKind = "${kind}" AND ExecutionStatus = "Running"` })) {
      ids.push({ id: one.workflowId, owner: one.typedSearchAttributes.get(attributes.owner) ?? one.workflowId })
      if (ids.length >= most) break
    }
    return ids
  }
  const boards = async (): Promise<Board[]> => Promise.all((await open('site', 100)).map(({ id }) => boardOf(id)))
  const siteOf = async (host: string): Promise<string> => {
    const board = (await boards()).find((one) => one.hosts.some((at) => at.host === host))
    if (!board) throw stop('notFound', `No site has a host ${quote(host)}; berth admin board shows them.`)
    return board.site
  }
  const within = <R>(fn: () => Promise<R>) => temporal.withDeadline(Date.now() + options.updateMs, fn)
  const site = (name: string) => temporal.workflow.getHandle(siteId(name))

  return {
    ...createSweepDoor({ temporal, options, requestId, prove }),
    openLeases: async (most) => {
      await prove()
      return (await open('lease', most)).map(({ id }) => id)
    },
    boards: async (name) => {
      await prove()
      if (name === undefined) return (await boards()).sort((a, b) => a.site.localeCompare(b.site))
      return [await boardOf(siteId(name)).catch((error: unknown) => {
        throw isGone(error) ? stop('notFound', `There is no site ${quote(name)}; berth admin board shows them all.`) : error
      })]
    },
    drain: async (host, drain) => {
      const by = await prove(), name = await siteOf(host)
      await within(() => site(name).executeUpdate(drainUpdate, { args: [{ host, drain, by }] }))
      return { site: name }
    },
    forget: async (host) => {
      const by = await prove(), name = await siteOf(host)
      await within(() => site(name).executeUpdate(forgetUpdate, { args: [{ host, by }] }))
      return { site: name }
    },
    recheck: async (member, confirmed) => {
      const by = await prove()
      const told = member === undefined ? await open('account', 100_000) : [{ id: accountId(member), owner: member.toLowerCase() }]
      for (const { id, owner } of told) {
        await temporal.workflow.getHandle(id).signal(recheckSignal, { by, ...(confirmed && { confirmed: true as const }) }).catch((error: unknown) => {
          // One that closed meanwhile holds nothing.
          if (!isGone(error)) throw error
          if (member !== undefined) throw stop('notFound', `${quote(owner)} has no account that is open, so nothing is lent to them.`)
        })
      }
      return told.map(({ owner }) => owner)
    },
    retry: async (lease) => {
      const by = await prove(), over = () => stop('over', `${lease.name} is over already.`)
      if (lease.ending) throw over()
      return update({ temporal, requestId, updateMs: options.updateMs }, lease, {
        def: retryUpdate, arg: { key: lease.key, by: { uid: by, admin: true } }, over,
      })
    },
    revoke: async (member, reason) => {
      const by = await prove(), uid = member.toLowerCase()
      // Somebody may hold a token without ever having lent, so the account is started if the directory knows the person.
      if (!await accounts.exists(uid) && !await knows(uid)) throw stop('notFound', `There is no member ${quote(member)}; look at the spelling.`)
      const epoch = await accounts.signOut(uid, { by, reason: 'revoked' })
      const held = (await accounts.desk(uid)).leases, leases = reason === undefined ? [] : held
      // A kubeconfig is a sign-in too; with its lease it ends anyway.
      if (reason === undefined) await unreachAll({ temporal, requestId, updateMs: options.updateMs }, held, { uid: by, admin: true })
      for (const { leaseId, key } of leases) {
        await temporal.workflow.getHandle(leaseId).signal(revokeSignal, { key, by, reason: reason ?? '' }).catch((error: unknown) => {
          if (!isGone(error)) throw error
        })
      }
      return { epoch, leases: leases.map(({ leaseId }) => leaseId) }
    },
  }
}
