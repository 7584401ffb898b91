/** What every `Chat` promises, on whatever platform. */
import { inspect } from 'node:util'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import type { ChatPerson, ChatUser, Post } from '../../workflows/link/terms.ts'
import { type Chat, ChatLimited, type SealedButton, type SealedMessage } from '../../workflows/ports.ts'

/** A post as its reader sees it. */
export interface Seen {
  readonly post: Post
  /** Without markup; a break between lines. */
  readonly text: string
  /** Whatever else in it acts: links, mentions, pictures. */
  readonly acts: readonly string[]
  readonly buttons: readonly { readonly verb: string; readonly label: string; readonly context: unknown; readonly danger: boolean }[]
}

/** How the platform fails; `false` or nothing ends it. */
export interface Trouble {
  down(on: boolean): void
  /** Nothing is answered. */
  silent(how: false | 'at all' | 'after the head'): void
  limitedS(seconds: number | undefined): void
  /** The next answer is lost, after what was asked is done. */
  loseAnswer(): void
}

export interface ChatUnderTest {
  readonly chat: Chat
  /** The same with a deadline of so many milliseconds. */
  readonly hasty: Chat
  readonly hastyMs: number
  /** A member whom nobody has written to yet. */
  newMember(): ChatUser
  /** One of each kind that the platform has. */
  readonly people: Readonly<Partial<Record<ChatPerson['is'], ChatUser>>>
  /** What a member reads in the direct messages with the bot, the oldest first. */
  room(user: ChatUser): Promise<readonly Seen[]> | readonly Seen[]
  remove(post: Post): Promise<void> | void
  readonly trouble: Trouble
  /** What no error may hold. */
  readonly secrets: readonly string[]
  close(): Promise<void>
}

let count = 0
/** A message of its own, as a step names it. */
export const newOnce = (): string => `run-${++count}/1`

export const button = (verb: SealedButton['verb'], context: string, more: Partial<SealedButton> = {}): SealedButton => ({ verb, label: verb, context, ...more })
export const saying = (...lines: string[]): SealedMessage => ({ lines, buttons: [] })

/** Whatever was thrown, with all that hangs on it. */
export async function thrownBy(what: Promise<unknown>): Promise<Error> {
  const error = await what.then(() => undefined, (thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(Error)
  return error as Error
}

export function chatSuite(open: () => Promise<ChatUnderTest>): void {
  let it_: ChatUnderTest
  beforeAll(async () => {
    it_ = await open()
  })
  afterAll(() => it_.close())
  afterEach(() => {
    it_.trouble.down(false)
    it_.trouble.silent(false)
    it_.trouble.limitedS(undefined)
  })
  const seen = async (user: ChatUser) => await it_.room(user)
  const texts = async (user: ChatUser) => (await seen(user)).map(({ text }) => text)

  it('posts to a member’s direct messages what the member then reads, with the very contexts of its buttons', async () => {
    const { chat } = it_, member = it_.newMember(), other = it_.newMember()
    const post = await chat.post(member, {
      lines: ['**web** (nginx:1.27) is ready.', 'port 80 is at `web-abc123.site1.lease.test:20080`'],
      buttons: [button('extend', 'k1.aaa-_9'), button('logs', 'k1.bbb'), button('return', 'k1.ccc', { label: 'Return', style: 'danger', confirm: 'Return web? Its files go.' })],
    }, { once: newOnce() })
    const [one, ...more] = await seen(member)
    expect(more).toEqual([])
    expect(one).toMatchObject({ post, text: 'web (nginx:1.27) is ready.\nport 80 is at web-abc123.site1.lease.test:20080', acts: [] })
    expect(one!.buttons.map(({ verb, context, danger }) => ({ verb, context, danger }))).toEqual([
      { verb: 'extend', context: 'k1.aaa-_9', danger: false }, { verb: 'logs', context: 'k1.bbb', danger: false }, { verb: 'return', context: 'k1.ccc', danger: true },
    ])
    expect(one!.buttons[2]!.label).toMatch(/^Return/)
    expect(await seen(other)).toEqual([])
  })

  it('edits a post in place: the same one, with other words and other buttons, and with none', async () => {
    const { chat } = it_, member = it_.newMember()
    const post = await chat.post(member, { lines: ['**web** waits.'], buttons: [button('return', 'c1')] }, { once: newOnce() })
    expect(await chat.post(member, { lines: ['**web** is ready.'], buttons: [button('extend', 'c2'), button('logs', 'c3')] }, { post, once: newOnce() })).toEqual(post)
    expect(await seen(member)).toMatchObject([{ post, text: 'web is ready.', buttons: [{ verb: 'extend', context: 'c2' }, { verb: 'logs', context: 'c3' }] }])
    expect(await chat.post(member, saying('**web** is over.'), { post, once: newOnce() })).toEqual(post)
    expect(await seen(member)).toMatchObject([{ post, text: 'web is over.', buttons: [] }])
  })

  it('posts one anew that was deleted, and goes on with that', async () => {
    const { chat } = it_, member = it_.newMember()
    const post = await chat.post(member, saying('one'), { once: newOnce() })
    await it_.remove(post)
    const next = await chat.post(member, { lines: ['two'], buttons: [button('extend', 'c2')] }, { post, once: newOnce() })
    expect(next).not.toEqual(post)
    expect(await seen(member)).toMatchObject([{ post: next, text: 'two', buttons: [{ context: 'c2' }] }])
    expect(await chat.post(member, saying('three'), { post: next, once: newOnce() })).toEqual(next)
    expect(await texts(member)).toEqual(['three'])
  })

  it('makes one post of two tries of one message when the first answer was lost', async () => {
    const { chat } = it_, member = it_.newMember(), once = newOnce()
    await chat.post(member, saying('before'), { once: newOnce() })
    it_.trouble.loseAnswer()
    await thrownBy(chat.post(member, saying('once'), { once }))
    const post = await chat.post(member, saying('once'), { once, again: true })
    expect(await texts(member)).toEqual(['before', 'once'])
    expect((await seen(member))[1]!.post).toEqual(post)
  })

  it('makes one post of two tries of an edit of a deleted one, too', async () => {
    const { chat } = it_, member = it_.newMember(), once = newOnce()
    const post = await chat.post(member, saying('one'), { once: newOnce() })
    await it_.remove(post)
    const next = await chat.post(member, saying('two'), { post, once })
    expect(await chat.post(member, saying('two'), { post, once, again: true })).toEqual(next)
    expect(await texts(member)).toEqual(['two'])
  })

  it('posts a message that is tried again although the first try never came through', async () => {
    const { chat } = it_, member = it_.newMember(), once = newOnce()
    it_.trouble.down(true)
    await thrownBy(chat.post(member, saying('late'), { once }))
    it_.trouble.down(false)
    await chat.post(member, saying('late'), { once, again: true })
    expect(await texts(member)).toEqual(['late'])
  })

  it('makes two posts of two messages that read the same', async () => {
    const { chat } = it_, member = it_.newMember()
    await chat.post(member, saying('Your lease ends in 5 minutes.'), { once: newOnce() })
    await chat.post(member, saying('Your lease ends in 5 minutes.'), { once: newOnce() })
    expect(await texts(member)).toEqual(['Your lease ends in 5 minutes.', 'Your lease ends in 5 minutes.'])
  })

  it('ends ten quick edits with the last', async () => {
    const { chat } = it_, member = it_.newMember()
    const post = await chat.post(member, saying('0 %'), { once: newOnce() })
    for (let n = 1; n <= 10; n++) await chat.post(member, saying(`${n * 10} %`), { post, once: newOnce() })
    expect(await texts(member)).toEqual(['100 %'])
  })

  it('knows members, guests, bots, strangers and who is gone', async () => {
    const kinds = Object.entries(it_.people)
    expect(kinds.length).toBeGreaterThanOrEqual(4)
    for (const [is, user] of kinds) expect(await it_.chat.person(user), is).toMatchObject({ is })
    expect(await it_.chat.person(it_.people.member!)).toMatchObject({ name: expect.stringMatching(/\w/) as unknown, timeZone: 'Europe/Zurich' })
  })

  it('throws while the platform is down, and works when it is back', async () => {
    const { chat } = it_, member = it_.newMember()
    const post = await chat.post(member, saying('one'), { once: newOnce() })
    it_.trouble.down(true)
    const errors = [await thrownBy(chat.post(member, saying('two'), { once: newOnce() })), await thrownBy(chat.post(member, saying('two'), { post, once: newOnce() })), await thrownBy(chat.person(member))]
    for (const error of errors) expect(error).not.toBeInstanceOf(ChatLimited)
    it_.trouble.down(false)
    expect(await texts(member)).toEqual(['one'])
    await chat.post(member, saying('two'), { post, once: newOnce() })
    expect(await texts(member)).toEqual(['two'])
  })

  it('hands on for how long the platform wants a pause, and edits nothing meanwhile', async () => {
    const { chat } = it_, member = it_.newMember()
    const post = await chat.post(member, saying('one'), { once: newOnce() })
    it_.trouble.limitedS(17)
    for (const call of [() => chat.post(member, saying('two'), { post, once: newOnce() }), () => chat.post(member, saying('two'), { once: newOnce() }), () => chat.person(member)]) {
      const error = await thrownBy(call())
      expect(error).toBeInstanceOf(ChatLimited)
      expect((error as ChatLimited).afterMs).toBe(17_000)
    }
    it_.trouble.limitedS(undefined)
    expect(await texts(member)).toEqual(['one'])
  })

  it('does not know a tenant that is not configured', async () => {
    if (it_.secrets.length === 0) return // one in memory is of any tenant
    const stranger = { ...it_.newMember(), tenant: 'TELSEWHERE' }
    expect((await thrownBy(it_.chat.post(stranger, saying('hello'), { once: newOnce() }))).message).toContain('TELSEWHERE')
    expect((await thrownBy(it_.chat.person(stranger))).message).toContain('TELSEWHERE')
  })

  it.each(['at all', 'after the head'] as const)('throws within its deadline when nothing is answered (%s)', async (how) => {
    const { hasty, hastyMs } = it_, member = it_.newMember()
    it_.trouble.silent(how)
    for (const call of [() => hasty.post(member, saying('hello'), { once: newOnce() }), () => hasty.person(member)]) {
      const begun = performance.now()
      await thrownBy(call())
      const took = performance.now() - begun
      expect(took).toBeGreaterThanOrEqual(hastyMs - 5)
      expect(took).toBeLessThan(hastyMs + 1000)
    }
  })

  it('puts no secret into an error', async () => {
    const { chat, hasty, trouble, secrets } = it_, member = it_.newMember(), errors: Error[] = []
    const post = await chat.post(member, saying('one'), { once: newOnce() })
    const fail = async (by: Chat) => {
      errors.push(await thrownBy(by.post(member, { lines: ['two'], buttons: [button('extend', 'k1.sealed-context')] }, { post, once: newOnce() })))
      errors.push(await thrownBy(by.post(member, { lines: ['two'], buttons: [button('extend', 'k1.sealed-context')] }, { once: newOnce(), again: true })))
      errors.push(await thrownBy(by.person(member)))
    }
    trouble.down(true)
    await fail(chat)
    trouble.down(false)
    trouble.limitedS(3)
    await fail(chat)
    trouble.limitedS(undefined)
    trouble.silent('at all')
    await fail(hasty)
    for (const error of errors) {
      const all = inspect(error, { depth: 12, showHidden: true })
      for (const secret of [...secrets, 'k1.sealed-context']) expect(all).not.toContain(secret)
      expect(error.message).toMatch(/\w/)
    }
    expect(errors).toHaveLength(9)
  })
}

/** Beside it, what platforms promise that have a markup and limits of their own. */
export function writtenSuite(open: () => Promise<ChatUnderTest>): void {
  let it_: ChatUnderTest
  beforeAll(async () => {
    it_ = await open()
  })
  afterAll(() => it_.close())

  async function shown(message: SealedMessage): Promise<Seen> {
    const member = it_.newMember()
    await it_.chat.post(member, message, { once: newOnce() })
    const [one] = await it_.room(member)
    return one!
  }
  /** A character that only looks like one of the platform's own is as good. */
  const plain = (text: string) => text.replaceAll('∗', '*').replaceAll('ˍ', '_').replaceAll('∼', '~').replaceAll('ˋ', '`')

  it.each([
    '<!channel> <!here> <@U012AB3CD> <#C012AB3CD> <https://evil.example|your bank>',
    '[your bank](https://evil.example) ![picture](https://evil.example/a.png) <https://evil.example>',
    'a < b && b > c; &lt;b&gt; &amp;amp;',
    '*bold* _slanted_ ~struck~ ~~gone~~ __under__',
    'one ` two',
    'one ``` two',
    '```',
    '# heading',
    '> quoted',
    '- item',
    '1. item',
    '| a | b |',
    String.raw`back\slash \* \\`,
    '<!date^1^{date}^https://evil.example|now>',
  ])('shows %s as it is written, in plain words and in a name, and nothing of it acts', async (text) => {
    const free = await shown(saying(text, 'the next line'))
    expect(free.acts).toEqual([])
    expect(plain(free.text)).toBe(`${text}\nthe next line`)
    const name = text.replaceAll('**', '*')
    const named = await shown(saying(`**${name}** (nginx:1.27) is ready.`, 'port 80 is at `web.lease.test:20080`'))
    expect(named.acts).toEqual([])
    expect(plain(named.text)).toBe(`${name} (nginx:1.27) is ready.\nport 80 is at web.lease.test:20080`)
  })

  it('begins no line that a name would begin, and turns nothing around', async () => {
    const { text } = await shown(saying('web\n**db** is ready (a \r\n b) \u202edetrevni\u0007'))
    expect(text).toBe('web db is ready (a b) �detrevni�')
  })

  it('keeps names of images as they are, to be copied', async () => {
    const { text, acts } = await shown(saying('**web** (registry.lease.test:5000/my_team/my_image:1.0-rc_1) is ready.', 'at `a_b*c&d<e>`'))
    expect(text).toBe('web (registry.lease.test:5000/my_team/my_image:1.0-rc_1) is ready.\nat a_b*c&d<e>')
    expect(acts).toEqual([])
  })

  it.each([['letters', 'x'], ['what is written longer', '&'], ['what is written longer still', '<*_'], ['characters of two units', '🚢']])('cuts %s to what the platform takes, and keeps the buttons', async (_, letter) => {
    const { text, buttons } = await shown({ lines: ['**web**', letter.repeat(5000)], buttons: [button('extend', 'c'.repeat(400))] })
    expect(text).toMatch(/^web\n/)
    expect(text.endsWith('…')).toBe(true)
    expect(text.length).toBeLessThanOrEqual(3000)
    expect(text).not.toMatch(/[\ud800-\udbff](?![\udc00-\udfff])/)
    expect(buttons.map(({ context }) => context)).toEqual(['c'.repeat(400)])
  })

  it('shows a moment in a line', async () => {
    const { text, acts } = await shown(saying(`**web** is ready until ${it_.chat.when(Date.UTC(2026, 10, 29, 13, 5), 'Europe/Zurich')}.`))
    expect(acts).toEqual([])
    expect(text).toMatch(/^web is ready until .*29.*1[34]:05.*\.$/)
  })
}
