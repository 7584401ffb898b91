import type { Desk, LeaseStatus } from '../../workflows/terms.ts'
import { defineCommand, toggle } from './command.ts'
import type { Door } from './door.ts'
import { grid, sayMoment } from './words.ts'

/** One line of a list: what is known for certain, and of its state what could be asked just now. */
export interface Listed {
  readonly key: string
  readonly member: string
  readonly name: string
  readonly image: string
  readonly site: string
  readonly phase?: LeaseStatus['phase']
  readonly until?: number
  readonly fqdn?: string
  readonly position?: number
}

/** As many as one answer holds. */
const most = 200

export const list = defineCommand({
  name: 'list',
  summary: 'Lists your leases, the one that ends first on top.',
  who: 'member',
  arguments: {
    over: toggle('Also those that are over, as far as they are remembered.'),
    all: toggle('Those of everybody; only for admins.'),
  },
  examples: ['list', 'list --over'],
  answer: '`leases`, and `over` with those that have ended.',
  run: async (args, door) => {
    const desk = await door.desk()
    const ids = args.all ? await door.admin.openLeases(most) : desk.leases.map((held) => held.leaseId)
    const leases = await Promise.all(ids.map((id) => listed(id, { desk, door })))
    leases.sort((a, b) => (a.until ?? Number.POSITIVE_INFINITY) - (b.until ?? Number.POSITIVE_INFINITY))
    return { leases, over: args.over ? desk.endings : [] }
  },
  say: ({ leases, over }) => [
    leases.length === 0 ? 'You have no leases. berth lend IMAGE gets you one.' : grid([
      ['NAME', 'IMAGE', 'PHASE', 'UNTIL', 'WHERE', 'KEY'],
      ...leases.map((one) => [
        one.name, one.image, one.position === undefined ? one.phase ?? '?' : `${one.phase} (${one.position})`,
        one.until === undefined ? '-' : sayMoment(one.until), one.fqdn ?? one.site, one.key,
      ]),
    ]),
    ...over.map((ending) => `${sayMoment(ending.at)}  ${ending.name}: ${ending.sentence}`),
  ].join('\n'),
})

/** A lease whose state cannot be asked just now is still listed: the account's books are enough to say that it is there. */
async function listed(leaseId: string, { desk, door }: { desk: Desk; door: Door }): Promise<Listed> {
  const held = desk.leases.find((one) => one.leaseId === leaseId)
  try {
    const status = await door.status(leaseId)
    return {
      key: status.key, member: status.member, name: status.name, image: status.image, site: status.site, phase: status.phase,
      ...(status.until !== undefined && { until: status.until }), ...(status.fqdn !== undefined && { fqdn: status.fqdn }),
      ...(status.queue && { position: status.queue.position }),
    }
  } catch (error) {
    if (!held) throw error
    return { key: held.key, member: desk.member, name: held.name, image: held.image, site: held.site }
  }
}
