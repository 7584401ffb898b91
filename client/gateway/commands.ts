/** Every command of the table over HTTP, and the live steps of a lease. */
import { Hono, type Context } from 'hono'
import { nanoid } from 'nanoid'
import type { Desk } from '../../workflows/terms.ts'
import type { Temporal } from '../ask.ts'
import type { Door } from '../commands/door.ts'
import { readArguments } from '../commands/read.ts'
import { table } from '../commands/table.ts'
import { Refused, stop } from '../refused.ts'
import type { Accounts } from './accounts.ts'
import { bodyOf, tokenOf } from './body.ts'
import { createDoor } from './door.ts'
import { followLease } from './events.ts'
import { asRefusal } from './failures.ts'
import type { Env } from './env.ts'
import { InFlight } from './limits.ts'
import { idempotencyKey, pathOf } from './openapi.ts'
import type { GatewayOptions } from './options.ts'
import type { Seals } from './seals.ts'
import type { Sessions } from './session.ts'
import type { Claims } from './tokens.ts'

interface Needs {
  readonly sessions: Sessions
  readonly accounts: Accounts
  readonly temporal: Temporal
  readonly seals: Seals
  readonly options: GatewayOptions
  /** Shared by every door of this gateway. */
  readonly updates: InFlight
}

export function commandRoutes(needs: Needs): Hono<Env> {
  const { sessions, options, updates } = needs
  const app = new Hono<Env>()
  const streams = new InFlight(options.streams)

  for (const command of table) {
    const run = command.run?.bind(command)
    if (!run) continue
    app.post(`/commands/${pathOf(command)}`, async (c) => {
      const claims = sessions.claims(tokenOf(c))
      const { door, desk } = open(c, claims, needs)
      // `lend` carries the epoch to the account, which compares it in the same breath; that spares a query.
      if (command.name !== 'lend') await desk()
      if (command.who === 'admin') await sessions.assertAdmin(claims)
      const read = readArguments(command, await bodyOf(c))
      if ('refusal' in read) throw new Refused(read.refusal)
      const leave = command.changes === true ? updates.enter(claims.uid) : () => undefined
      if (!leave) throw stop('slowDown', `You have ${options.inFlight} requests under way; wait for one of them and try again.`)
      const begun = options.now()
      const tell = (outcome: string) => options.log({
        level: 'info', what: 'command', command: command.name, member: claims.uid, requestId: c.get('requestId'),
        address: c.get('address'), outcome, ms: options.now() - begun,
      })
      try {
        const answer = await run(read.value, door)
        tell('done')
        return c.json(answer ?? {})
      } catch (error) {
        tell(asRefusal(error)?.kind ?? 'unexpected')
        throw error
      } finally {
        leave()
      }
    })
  }

  app.get('/leases/:lease/events', async (c) => {
    const claims = sessions.claims(tokenOf(c))
    const { door, desk } = open(c, claims, needs)
    await desk()
    const { leaseId } = await door.find(c.req.param('lease'))
    const done = streams.enter(claims.uid)
    if (!done) throw stop('slowDown', `You follow ${options.streams} leases at once; stop one of them and try again.`)
    return followLease(c, { leaseId, door, options, done })
  })

  return app
}

/** The door of one request. Its desk is asked once, and only with a token that is still good. */
function open(c: Context<Env>, claims: Claims, { sessions, accounts, temporal, seals, options }: Needs): { door: Door; desk: () => Promise<Desk> } {
  const requestId = c.req.header('idempotency-key') ?? nanoid()
  if (!idempotencyKey.test(requestId)) throw stop('badLine', 'An Idempotency-Key has 8 to 64 letters, digits, - or _; make a new one for each request.')
  let asked: Promise<Desk> | undefined
  const desk = () => asked ??= accounts.desk(claims.uid).then((found) => {
    sessions.assertCurrent(claims, found)
    return found
  })
  let proof: Promise<void> | undefined
  const door = createDoor({ temporal, accounts, seals, options, knows: (uid) => sessions.knows(uid) }, {
    member: claims.uid, epoch: claims.epoch, requestId, desk, proveAdmin: () => proof ??= sessions.assertAdmin(claims),
  })
  return { door, desk }
}
