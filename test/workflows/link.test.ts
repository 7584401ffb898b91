/** A chat account's link, and the cards that it is shown: real stories, the chat in memory. */
import { randomUUID } from 'node:crypto'
import { heartbeat } from '@temporalio/activity'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createLinks } from '../../client/gateway/chat/links.ts'
import { accountId, coreQueue, extendUpdate, mayResumeUpdate, pauseUpdate, releaseUpdate, signOutUpdate } from '../../workflows/contract.ts'
import { linkId, sayInChatSignal } from '../../workflows/link/messages.ts'
import type { ChatUser } from '../../workflows/link/terms.ts'
import { refusalIn } from '../../workflows/refuse.ts'
import type { Receipt } from '../../workflows/terms.ts'
import { eventually, world, type World } from './harness.ts'

let it: World
let links: ReturnType<typeof createLinks>
beforeAll(async () => {
  it = await world({ entitlement: { count: 5, extend: { stepMs: 3_600_000, windowMs: 24 * 3_600_000, capMs: 48 * 3_600_000 } } })
  links = createLinks(it.client, { queryMs: 5_000, updateMs: 10_000 })
})
afterEach(() => { it.chat.down = false })
afterAll(async () => {
  expect(await it.replay()).toEqual([])
  await it.stop()
})

const code = 'k7f3q2mx'
const someone = (user = `u${randomUUID().slice(0, 8)}`): ChatUser => ({ platform: 'mattermost', tenant: 'campus', user })
const handle = (id: string) => it.client.workflow.getHandle(id)
const refusal = async (step: Promise<unknown>) => refusalIn(await step.then(() => undefined, (error: unknown) => error))?.kind
const openAccount = (member: string) => it.client.workflow.start('account', { workflowId: accountId(member), taskQueue: coreQueue, args: [{ member }], workflowIdConflictPolicy: 'USE_EXISTING' })

async function begin(user: ChatUser, more: { attempt?: string; until?: number; line?: string } = {}) {
  const attempt = more.attempt ?? randomUUID()
  await links.begin(user, { attempt, until: more.until ?? Date.now() + 600_000, ...(more.line !== undefined && { line: more.line }) })
  return attempt
}
async function linked(member: string, user = someone()): Promise<ChatUser> {
  await openAccount(member)
  const attempt = await begin(user)
  await links.prove(user, { attempt, uid: member, uuid: `uuid-${member}`, code })
  await links.finish(user, code)
  return user
}
const cards = (user: ChatUser, name: string) => it.chat.room(user).filter(({ lines }) => lines[0]!.startsWith(`**${name}**`))
const card = (user: ChatUser, name: string, says: string) => eventually(() => {
  const [only, ...more] = cards(user, name)
  expect(more).toEqual([])
  return only?.lines.some((line) => line.includes(says)) ? only : undefined
}, `the card of ${name} says “${says}”`)
const release = ({ leaseId, key }: Receipt, uid: string) => handle(leaseId).executeUpdate(releaseUpdate, { args: [{ key, by: { uid } }] })

describe('an account is linked', () => {
  test('by a login at the page and the code typed back; the command that led there is handed back', async () => {
    const user = someone()
    await openAccount('mika')
    const attempt = await begin(user, { line: 'lend web --for 2h' })
    expect(await links.who(user)).toEqual({ name: user.user, attempt: { id: attempt, until: expect.any(Number) as number, proven: false } })
    await links.prove(user, { attempt, uid: 'mika', uuid: 'uuid-mika', code })
    expect((await links.who(user)).linked).toBeUndefined() // a login alone links nobody
    expect(await links.finish(user, code)).toEqual({ linked: { uid: 'mika', uuid: 'uuid-mika', since: expect.any(Number) as number }, line: 'lend web --for 2h' })
    expect((await links.who(user)).linked).toMatchObject({ uid: 'mika', uuid: 'uuid-mika' })
    await eventually(() => it.chat.room(user).some(({ lines }) => lines[0]!.includes('linked to mika now')), 'it is told in the chat')
  })

  test('and the member hears of it wherever else he is told things', async () => {
    const first = await linked('noor'), second = await linked('noor')
    await eventually(() => it.chat.room(first).some(({ lines }) => lines[0]!.includes(`account ${second.user}`)), 'the first chat account hears of the second')
    expect((await it.desk('noor')).notices.filter(({ kind }) => kind === 'rights').map(({ sentence }) => sentence)).toEqual([
      expect.stringContaining(first.user) as string, expect.stringContaining(second.user) as string,
    ])
  })

  test('only with the right code; five wrong ones end the attempt', async () => {
    const user = someone(), attempt = await begin(user)
    expect(await refusal(links.finish(user, code))).toBe('badCode') // nobody has signed in at the page
    await links.prove(user, { attempt, uid: 'mika', uuid: 'uuid-mika', code })
    for (let wrong = 0; wrong < 4; wrong++) expect(await refusal(links.finish(user, `wrong${wrong}`))).toBe('badCode')
    expect(await refusal(links.finish(user, 'wrong4'))).toBe('linkOver')
    expect((await refusal(links.finish(user, code)))).toBeDefined()
    expect((await links.who(user)).linked).toBeUndefined()
  })

  test('once per page: a second login there is refused, and so is one at an older or a late page', async () => {
    const user = someone(), old = await begin(user), attempt = await begin(user)
    expect(await refusal(links.prove(user, { attempt: old, uid: 'mika', uuid: 'u', code }))).toBe('linkOver')
    await links.prove(user, { attempt, uid: 'mika', uuid: 'uuid-mika', code })
    expect(await refusal(links.prove(user, { attempt, uid: 'noor', uuid: 'uuid-noor', code: 'aaaaaaaa' }))).toBe('linkOver')
    expect(await links.finish(user, code)).toMatchObject({ linked: { uid: 'mika' } })

    const late = someone(), gone = await begin(late, { until: Date.now() + 300 })
    await eventually(async () => (await links.who(late)).attempt === undefined, 'the attempt is over')
    await expect(links.prove(late, { attempt: gone, uid: 'mika', uuid: 'uuid-mika', code })).rejects.toThrow()
    expect((await links.who(late)).linked).toBeUndefined()
  })

  test.each([['guest', 'Guests'], ['bot', 'Bots'], ['stranger', 'Only members'], ['gone', 'not there any more']] as const)('never for a %s', async (is, says) => {
    const user = someone()
    it.chat.people.set(user.user, { is, name: 'x' })
    const error: unknown = await begin(user).then(() => undefined, (failed: unknown) => failed)
    expect(refusalIn(error)).toMatchObject({ kind: 'foreignChat', sentence: expect.stringContaining(says) as string })
    expect(await links.who(user)).not.toHaveProperty('attempt')
  })

  test('not for ever in a row: the sixth attempt within ten minutes waits', async () => {
    const user = someone()
    for (let n = 0; n < 5; n++) await begin(user)
    expect(await refusal(begin(user))).toBe('slowDown')
  })

  test('while the chat answers; else later, and nothing is lost', async () => {
    const user = someone()
    it.chat.down = true
    expect(await refusal(begin(user))).toBe('tryLater')
    it.chat.down = false
    await begin(user)
    expect((await links.who(user)).attempt).toBeDefined()
  })

  test('until it is unlinked, by its member or with every token of the member', async () => {
    const one = await linked('ada'), two = await linked('ada')
    expect(await links.unlink(one, 'the member')).toMatchObject({ uid: 'ada' })
    expect(await links.who(one)).not.toHaveProperty('linked')
    await handle(accountId('ada')).executeUpdate(signOutUpdate, { args: [{ by: 'root', reason: 'revoked' }] })
    await eventually(async () => (await links.who(two)).linked === undefined, 'the other is unlinked too')
    const after = await it.lend('ada', { name: 'silent' })
    await it.until(after.leaseId, 'ready')
    await release(after, 'ada')
    await it.ended(after.leaseId)
    expect([...cards(one, 'silent'), ...cards(two, 'silent')]).toEqual([])
  })
})

describe('a card', () => {
  test('follows its lease in place, from the wish to the end', async () => {
    const user = await linked('mika')
    const lease = await it.lend('mika', { name: 'web', forMs: 2 * 3_600_000 })
    const ready = await card(user, 'web', 'is ready until')
    expect(ready.lines).toContainEqual(expect.stringMatching(/^port 80 is at `web-[a-z0-9]{6}\.campus\.test:21\d{3}`$/))
    expect(ready.buttons.map(({ verb }) => verb)).toEqual(['extend', 'logs', 'return'])
    expect(JSON.parse(ready.buttons[0]!.context.replace('sealed ', ''))).toMatchObject({ verb: 'extend', lease: lease.key, who: user })

    await handle(lease.leaseId).executeUpdate(extendUpdate, { args: [{ key: lease.key, requestId: 'r1', by: { uid: 'mika' } }] })
    const { until } = await it.status(lease.leaseId)
    await card(user, 'web', it.chat.when(until!, undefined))
    await handle(lease.leaseId).executeUpdate(pauseUpdate, { args: [{ key: lease.key, by: { uid: 'mika' } }] })
    expect((await card(user, 'web', 'is paused')).buttons.map(({ verb }) => verb)).toEqual(['resume', 'return'])
    await handle(accountId('mika')).executeUpdate(mayResumeUpdate, { args: [{ key: lease.key, by: { uid: 'mika' } }] })
    await card(user, 'web', 'is ready until')
    await release(lease, 'mika')
    const over = await card(user, 'web', 'is over: returned by mika.')
    expect(over).toMatchObject({ id: ready.id, buttons: [] })
  })

  test('is made for leases that were there before the link, and is posted anew when it was deleted', async () => {
    const lease = await it.lend('noor', { name: 'early' })
    await it.until(lease.leaseId, 'ready')
    const user = await linked('noor'), { channel, id } = await card(user, 'early', 'is ready until')
    it.chat.delete(channel, id)
    await handle(lease.leaseId).executeUpdate(extendUpdate, { args: [{ key: lease.key, requestId: 'r1', by: { uid: 'noor' } }] })
    const anew = await card(user, 'early', 'is ready until')
    expect(anew.id).not.toBe(id)
    await release(lease, 'noor')
    await card(user, 'early', 'is over')
  })

  test('catches up when the chat is back; a lease never waits for it', async () => {
    const user = await linked('ada')
    await eventually(() => it.chat.room(user).length === 1, 'it is told in the chat')
    it.chat.down = true
    const lease = await it.lend('ada', { name: 'later' })
    await it.until(lease.leaseId, 'ready')
    await release(lease, 'ada')
    await it.ended(lease.leaseId)
    expect(cards(user, 'later')).toEqual([])
    it.chat.down = false
    await card(user, 'later', 'is over: returned by ada.')
  }, 90_000)

  test('outlives the termination of its account: the new one finds the link', async () => {
    const user = await linked('noor')
    await eventually(async () => {
      for await (const { workflowId } of it.client.workflow.list({ query: `BerthKind = 'link' AND BerthOwner = 'noor'` })) if (workflowId === linkId(user)) return true
      return false
    }, 'the link is listed')
    await handle(accountId('noor')).terminate('by the test')
    const lease = await it.lend('noor', { name: 'again' })
    await card(user, 'again', 'is ready until')
    await release(lease, 'noor')
    await card(user, 'again', 'is over')
  })
})

test('a link with a long history continues as new, with its member, its cards and what it has answered', async () => {
  const user = someone(), id = linkId(user)
  await it.client.workflow.start('link', { workflowId: id, taskQueue: coreQueue, args: [{ of: user, clocks: { mostEvents: 60 } }] })
  await linked('ada', user)
  const first = (await handle(id).describe()).runId
  await links.answered(user, { request: 'r1', text: 'an answer' })
  const lease = await it.lend('ada', { name: 'long' }), { id: shown } = await card(user, 'long', 'is ready until')
  await eventually(async () => {
    await links.quiet(user, { from: 60, to: 120 })
    return (await handle(id).describe()).runId !== first
  }, 'it has continued as new')
  expect(await links.who(user, 'r1')).toMatchObject({ linked: { uid: 'ada' }, quiet: { from: 60, to: 120 }, answered: { text: 'an answer' } })
  await release(lease, 'ada')
  expect((await card(user, 'long', 'is over')).id).toBe(shown)
})

describe('a slow start', () => {
  test('is followed on the card: what the host says of it, then ready in the same place', async () => {
    const gate = Promise.withResolvers<void>(), said = Promise.withResolvers<void>(), before = it
    it = await world({ hostSteps: (steps) => ({ ...steps, async startContainer(order) {
      heartbeat('pulls web:1, 40 %')
      said.resolve()
      await gate.promise
      return await steps.startContainer(order)
    } }) })
    links = createLinks(it.client, { queryMs: 5_000, updateMs: 10_000 })
    try {
      const user = await linked('mika'), lease = await it.lend('mika', { name: 'slow' })
      await said.promise
      const starting = await card(user, 'slow', 'pulls web:1, 40 %')
      gate.resolve()
      expect((await card(user, 'slow', 'is ready until')).id).toBe(starting.id)
      await release(lease, 'mika')
      await card(user, 'slow', 'is over')
      expect(await it.replay()).toEqual([])
    } finally {
      gate.resolve()
      await it.stop()
      it = before
      links = createLinks(it.client, { queryMs: 5_000, updateMs: 10_000 })
    }
  })
})

describe('warnings', () => {
  let warning: World
  beforeAll(async () => { warning = await world({ entitlement: { warnMs: [60_000], extend: { stepMs: 3_600_000, windowMs: 3_600_000, capMs: 48 * 3_600_000 } } }) })
  afterAll(() => warning.stop())

  test('are messages of their own with buttons, told once; none comes after the end', async () => {
    const before = it
    it = warning
    links = createLinks(it.client, { queryMs: 5_000, updateMs: 10_000 })
    try {
      const user = await linked('mika'), lease = await it.lend('mika', { name: 'soon', forMs: 61_500 })
      const told = () => it.chat.room(user).filter(({ lines }) => lines[0]!.startsWith('soon ends in'))
      const [first] = await eventually(() => told().length > 0 && told(), 'the warning is told')
      expect(first!.buttons.map(({ verb }) => verb)).toEqual(['extend', 'return'])
      await card(user, 'soon', 'soon ends in')
      await handle(lease.leaseId).executeUpdate(extendUpdate, { args: [{ key: lease.key, requestId: 'r1', by: { uid: 'mika' } }] })
      await eventually(() => !cards(user, 'soon')[0]!.lines.some((line) => line.includes('soon ends in')), 'the card warns no longer')
      await release(lease, 'mika')
      await card(user, 'soon', 'is over')
      expect(told()).toHaveLength(1)
    } finally {
      it = before
      links = createLinks(it.client, { queryMs: 5_000, updateMs: 10_000 })
    }
  })

  test('never comes for a lease that is over by then', async () => {
    const user = someone(), attempt = await begin(user)
    await links.prove(user, { attempt, uid: 'nobody-here', uuid: 'u', code })
    await links.finish(user, code)
    await eventually(() => it.chat.room(user).length === 1, 'the link is told')
    it.chat.down = true
    const base = { key: 'k'.repeat(20), name: 'x', image: 'web', site: 'campus', endpoints: [], until: Date.now() + 3_600_000 }
    await handle(linkId(user)).signal('card', { ...base, phase: 'ready', word: { at: Date.now(), kind: 'warning', sentence: 'x ends in 1 min.' } })
    await handle(linkId(user)).signal('card', { ...base, phase: 'ended', ending: 'returned by nobody.' })
    await handle(linkId(user)).signal(sayInChatSignal, { sentence: 'the last word' })
    it.chat.down = false
    // A step that began before may still show it as ready for a moment; a message of its own would stay.
    await card(user, 'x', 'is over: returned by nobody.')
    await eventually(() => it.chat.room(user).some(({ lines }) => lines[0] === 'the last word'), 'all is said')
    expect(it.chat.room(user).map(({ lines }) => lines[0]).filter((line) => !line!.includes('linked to'))).toEqual(['**x** (web) is over: returned by nobody.', 'the last word'])
  })
})
