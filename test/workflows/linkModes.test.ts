/** A chat account that is linked by its platform's own word: real stories, the chat and the directory in memory. */
import { randomUUID } from 'node:crypto'
import { WorkflowNotFoundError } from '@temporalio/client'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createLinks } from '../../client/gateway/chat/links.ts'
import { accountId, releaseUpdate, signOutUpdate } from '../../workflows/contract.ts'
import { linkId } from '../../workflows/link/messages.ts'
import type { ChatUser } from '../../workflows/link/terms.ts'
import { refusalIn } from '../../workflows/refuse.ts'
import { eventually, world, type World } from './harness.ts'

let it: World
let links: ReturnType<typeof createLinks>
let count = 0
beforeAll(async () => {
  it = await world()
  links = createLinks(it.client, { queryMs: 5_000, updateMs: 10_000 })
})
afterEach(() => { it.directory.trouble = undefined })
afterAll(async () => {
  expect(await it.replay()).toEqual([])
  await it.stop()
})

const handle = (id: string) => it.client.workflow.getHandle(id)
const someone = (platform: ChatUser['platform'] = 'mattermost'): ChatUser => ({ platform, tenant: platform === 'slack' ? 'T1' : 'campus', user: `u${randomUUID().slice(0, 8)}` })
const begin = (user: ChatUser, line?: string) => links.begin(user, { attempt: randomUUID(), until: Date.now() + 600_000, ...(line !== undefined && { line }) })
const lines = (user: ChatUser) => it.chat.room(user).map((post) => post.lines[0]!)
const exists = (id: string) => handle(id).describe().then(() => true, (error: unknown) => {
  if (error instanceof WorkflowNotFoundError) return false
  throw error
})

/** A member whom nobody has heard of yet. */
async function newMember(more: { readonly mail?: readonly string[]; readonly disabled?: boolean } = {}) {
  const uid = `m${++count}x${randomUUID().slice(0, 4)}`
  it.directory.put({ uid, groups: ['all'], ...more })
  const found = await it.directory.find(uid)
  return { uid, uuid: found.is === 'person' ? found.person.uuid : '' }
}
const proven = (user: ChatUser, where: { readonly uid: string } | { readonly mail: string }) => void it.chat.vouches.set(user.user, where)
/** As the page does it. */
async function linkByLogin(user: ChatUser, { uid, uuid }: { readonly uid: string; readonly uuid: string }) {
  const attempt = randomUUID()
  await links.begin(user, { attempt, until: Date.now() + 600_000 })
  await links.prove(user, { attempt, uid, uuid, code: 'k7f3q2mx' })
  return links.finish(user, 'k7f3q2mx')
}

describe('an account that its platform proves', () => {
  test('is linked at once; the member’s account is opened for it, and passes the notice on', async () => {
    const user = someone(), mika = await newMember()
    proven(user, { uid: mika.uid.toUpperCase() })
    expect(await exists(accountId(mika.uid))).toBe(false)
    expect(await begin(user, 'lend web')).toEqual({ uid: mika.uid, uuid: mika.uuid, since: expect.any(Number) as number })
    expect(await links.who(user)).toEqual({ name: user.user, linked: { uid: mika.uid, uuid: mika.uuid, since: expect.any(Number) as number } })
    const { notices } = await it.desk(mika.uid)
    expect(notices.map(({ kind, sentence }) => [kind, sentence])).toEqual([['rights', expect.stringContaining(`account ${user.user} (campus) is linked to you now`)]])
    await eventually(() => lines(user).some((line) => line.includes(`linked to ${mika.uid} now`)), 'it is told in the chat')
  })

  test('is shown its leases, and listed under its member', async () => {
    const user = someone('slack'), member = await newMember({ mail: ['a.member@example.org'] })
    proven(user, { mail: 'A.Member@example.org' })
    expect(await begin(user)).toMatchObject({ uid: member.uid })
    const lease = await it.lend(member.uid, { name: 'shown' })
    await eventually(() => lines(user).some((line) => line.startsWith('**shown**')), 'the card is shown')
    await eventually(async () => {
      for await (const { workflowId } of it.client.workflow.list({ query: `BerthKind = 'link' AND BerthOwner = '${member.uid}'` })) if (workflowId === linkId(user)) return true
      return false
    }, 'the link is listed')
    await handle(lease.leaseId).executeUpdate(releaseUpdate, { args: [{ key: lease.key, by: { uid: member.uid } }] })
    await it.ended(lease.leaseId)
  })

  test('is told of once, however often its member begins', async () => {
    const user = someone(), member = await newMember()
    proven(user, { uid: member.uid })
    const first = await begin(user), both = await Promise.all([begin(user), begin(user)])
    expect(both).toEqual([first, first])
    await eventually(() => lines(user).length > 0, 'it is told in the chat')
    await begin(user)
    expect((await it.desk(member.uid)).notices).toHaveLength(1)
    expect(lines(user)).toHaveLength(1)
  })

  test('is told of in the member’s other chats, though the account was closed', async () => {
    const first = someone(), second = someone('slack'), member = await newMember()
    proven(first, { uid: member.uid })
    proven(second, { uid: member.uid })
    await begin(first)
    await eventually(async () => {
      for await (const { workflowId } of it.client.workflow.list({ query: `BerthKind = 'link' AND BerthOwner = '${member.uid}'` })) if (workflowId === linkId(first)) return true
      return false
    }, 'the first is listed')
    await handle(accountId(member.uid)).terminate('by the test')
    await begin(second)
    await eventually(() => lines(first).some((line) => line.includes(`account ${second.user}`)), 'the first hears of the second')
    expect((await it.desk(member.uid)).notices.map(({ sentence }) => sentence)).toEqual([expect.stringContaining(second.user)])
  })

  test('takes the place of an attempt that was begun before', async () => {
    const user = someone(), member = await newMember(), attempt = randomUUID()
    await links.begin(user, { attempt, until: Date.now() + 600_000 })
    proven(user, { uid: member.uid })
    await begin(user)
    const error: unknown = await links.prove(user, { attempt, uid: 'mika', uuid: 'uuid-mika', code: 'aaaaaaaa' }).then(() => undefined, (thrown: unknown) => thrown)
    expect(refusalIn(error)?.kind).toBe('linkOver')
    expect((await links.who(user)).linked).toMatchObject({ uid: member.uid })
  })
})

describe('is left to the page', () => {
  test.each([['nobody', 'nobody-of-this-name'], ['disabled', undefined]] as const)('an account of somebody who is %s', async (_, name) => {
    const user = someone(), uid = name ?? (await newMember({ disabled: true })).uid
    proven(user, { uid })
    expect(await begin(user, 'lend web')).toBeUndefined()
    expect(await links.who(user)).toMatchObject({ attempt: { proven: false } })
    expect(await links.who(user)).not.toHaveProperty('linked')
    expect(await exists(accountId(uid))).toBe(false)
  })

  test('an account of an e-mail address of two', async () => {
    const user = someone('slack')
    await newMember({ mail: ['both@example.org'] })
    await newMember({ mail: ['both@example.org'] })
    proven(user, { mail: 'both@example.org' })
    expect(await begin(user)).toBeUndefined()
    expect(await links.who(user)).not.toHaveProperty('linked')
  })

  test('whoever comes while the directory is away; afterwards it is proven', async () => {
    const user = someone(), member = await newMember()
    proven(user, { uid: member.uid })
    it.directory.trouble = 'down'
    expect(await begin(user)).toBeUndefined()
    it.directory.trouble = undefined
    expect(await begin(user)).toMatchObject({ uid: member.uid })
  })

  test.each(['guest', 'bot', 'stranger', 'gone'] as const)('not even a %s, whatever is proven', async (is) => {
    const user = someone(), member = await newMember()
    proven(user, { uid: member.uid })
    it.chat.people.set(user.user, { is, name: 'x' })
    const error: unknown = await begin(user).then(() => undefined, (thrown: unknown) => thrown)
    expect(refusalIn(error)?.kind).toBe('foreignChat')
    expect(await links.who(user)).not.toHaveProperty('linked')
    expect(await exists(accountId(member.uid))).toBe(false)
  })

  test('who is linked to somebody else by a login: changing that needs another', async () => {
    const user = someone(), chosen = await newMember(), said = await newMember()
    await linkByLogin(user, chosen)
    proven(user, { uid: said.uid })
    expect(await begin(user)).toBeUndefined()
    expect(await links.who(user)).toMatchObject({ linked: { uid: chosen.uid }, attempt: { proven: false } })
  })

  test('whose entry is another one by now', async () => {
    const user = someone(), member = await newMember()
    proven(user, { uid: member.uid })
    await begin(user)
    it.directory.put({ uid: member.uid, groups: ['all'], uuid: 'another-entry' })
    expect(await begin(user)).toBeUndefined()
    expect((await links.who(user)).linked).toMatchObject({ uuid: member.uuid })
  })

  test.each(['the member', 'an admin'] as const)('what %s has unlinked, until somebody signs in there', async (by) => {
    const user = someone(), member = await newMember()
    proven(user, { uid: member.uid })
    await begin(user)
    if (by === 'the member') await links.unlink(user, by)
    else await handle(accountId(member.uid)).executeUpdate(signOutUpdate, { args: [{ by: 'root', reason: 'revoked' }] })
    await eventually(async () => (await links.who(user)).linked === undefined, 'it is unlinked')
    expect(await begin(user, 'lend web')).toBeUndefined()
    expect(await links.who(user)).not.toHaveProperty('linked')
    await linkByLogin(user, member)
    expect(await begin(user)).toMatchObject({ uid: member.uid }) // it is linked, so this says so
    expect((await it.desk(member.uid)).notices.map(({ sentence }) => /linked to you (now|no longer)/.exec(sentence)?.[1])).toEqual(
      by === 'the member' ? ['now', 'no longer', 'now'] : ['now', undefined, 'no longer', 'now'])
  })

  test('what was unlinked is listed under nobody', async () => {
    const user = someone(), member = await newMember()
    proven(user, { uid: member.uid })
    await begin(user)
    await links.unlink(user, 'the member')
    const { typedSearchAttributes, status } = await handle(linkId(user)).describe()
    expect(status.name).toBe('RUNNING')
    expect(JSON.stringify(typedSearchAttributes)).not.toContain(member.uid)
  })
})

test('without a mode nothing is remembered: who is unlinked is gone', async () => {
  const user = someone(), member = await newMember()
  await linkByLogin(user, member)
  await links.unlink(user, 'the member')
  await handle(linkId(user)).result()
  expect((await handle(linkId(user)).describe()).status.name).toBe('COMPLETED')
})
