/** A gateway that serves a Mattermost server and a Slack workspace; links are the real story's own functions, in memory. */
import { randomBytes } from 'node:crypto'
import type { ChatSettings } from '../../client/gateway/chat/settings.ts'
import { createGateway, type GatewayNeeds } from '../../client/gateway/gateway.ts'
import type { LogLine } from '../../client/gateway/options.ts'
import { chatSealsOf } from '../../worker/adapters.ts'
import { accountId } from '../../workflows/contract.ts'
import { linkId } from '../../workflows/link/messages.ts'
import { assertMayBegin, begin, finish, prove } from '../../workflows/link/proof.ts'
import { openLink, whoOf, type LinkState } from '../../workflows/link/state.ts'
import type { ChatUser, LinkContext } from '../../workflows/link/terms.ts'
import type { LendRequest } from '../../workflows/terms.ts'
import { desk, failed, fakeDirectory, fakeSeals, fakeTemporal, person, receiptOf, type FakeWorkflow } from '../client/fake.ts'

export const settings: ChatSettings = {
  url: 'https://berth.example.org',
  slack: [{ team: 'T1DC2JH3J', botToken: 'xoxb-1', signingSecret: 'hush' }],
  mattermost: [{ name: 'campus', url: 'https://chat.example.org', botToken: 'bot', commandTokens: { team1: 'command-token' } }],
}

/** As the story is, without its time-outs and messages to others. */
function fakeLink(state: LinkState, { name, now }: { readonly name: string; readonly now: () => number }): FakeWorkflow {
  const updates: Record<string, (arg: never) => unknown> = {
    begin: (wish: Parameters<typeof begin>[1]) => {
      assertMayBegin(state, now())
      begin(state, wish, { person: { is: 'member', name }, now: now() })
    },
    prove: (proof: Parameters<typeof prove>[1]) => prove(state, proof, now()),
    finish: ({ code }: { code: string }) => finish(state, code, now()),
  }
  return {
    query: () => whoOf(state),
    update: (kind, arg) => {
      try {
        return updates[kind]?.(arg)
      } catch (error) {
        throw failed(error as Error)
      }
    },
  }
}

interface Asked {
  readonly headers?: Readonly<Record<string, string>>
  readonly from?: string
}

/** Alice and mallory have chat accounts that are linked to nobody; mika, noah and olga are in the directory. */
export function linkStage({ options = {}, chat = settings }: { readonly options?: GatewayNeeds['options']; readonly chat?: ChatSettings } = {}) {
  const { temporal, workflows, calls } = fakeTemporal(), log: LogLine[] = []
  const directory = fakeDirectory([person('mika'), person('noah'), person('olga')])
  const rings = { now: chatSealsOf({ current: 'a', keys: new Map([['a', randomBytes(32)]]) }) }
  let now = Date.now()
  const gateway = createGateway({
    temporal, directory, seals: fakeSeals(), isAdmin: () => false,
    chat: { settings: chat, seals: { seal: (...of) => rings.now.seal(...of), open: (...of) => rings.now.open(...of) } },
    options: { log: (line) => log.push(line), now: () => now, ...options },
  })
  workflows.set(accountId('mika'), {
    query: () => desk('mika'),
    update: (name, arg: LendRequest) => name === 'signIn' ? 0 : receiptOf(arg),
  })

  const states = new Map<string, LinkState>()
  function account(name: string, more: Partial<ChatUser> = {}): ChatUser {
    const of: ChatUser = { platform: 'mattermost', tenant: 'campus', user: `id-of-${states.size}`, ...more }, state = openLink({ of })
    states.set(linkId(of), state)
    workflows.set(linkId(of), fakeLink(state, { name, now: () => now }))
    return of
  }
  const alice = account('alice'), mallory = account('mallory')

  const ask = async (method: string, path: string, { body, headers = {}, from }: Asked & { readonly body?: string } = {}) => {
    const response = await gateway.app.request(path, { method, headers, ...(body !== undefined && { body }) }, from === undefined ? {} : { incoming: { socket: { remoteAddress: from } } })
    return { status: response.status, headers: response.headers, text: await response.text() }
  }
  let typed = 0
  /** A slash command, as the server delivers it; answers with what the user reads. */
  async function type(user: ChatUser, line: string): Promise<string> {
    const trigger = Buffer.from(`t${typed++}:${user.user}:${now}:c2ln`).toString('base64')
    const { text } = await ask('POST', '/chat/mattermost/campus/command', {
      headers: { 'content-type': 'application/x-www-form-urlencoded', authorization: 'Token command-token' },
      body: new URLSearchParams({ team_id: 'team1', token: 'command-token', user_id: user.user, user_name: 'whoever', trigger_id: trigger, text: line }).toString(),
    })
    return (JSON.parse(text) as { text: string }).text
  }
  return {
    gateway, workflows, calls, directory, log, rings, alice, mallory, account, ask, type,
    pass: (ms: number) => { now += ms },
    now: () => now,
    state: (user: ChatUser) => states.get(linkId(user))!,
    get: (path: string, asked?: Asked) => ask('GET', path, asked),
    /** The form of the page, as a browser sends it. */
    post: (path: string, fields: Readonly<Record<string, string>>, { headers = {}, ...asked }: Asked = {}) => ask('POST', path, {
      body: new URLSearchParams(fields).toString(), ...asked,
      headers: { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin', origin: 'null', ...headers },
    }),
    /** An attempt begun in chat; the path of its page. */
    begun: async (user: ChatUser, line = 'link') => new URL(/https:\S+/.exec(await type(user, line))?.[0] ?? 'none:').pathname,
    /** A page's path sealed here, for accounts that no test server types for. */
    sealed: (context: LinkContext, kind: 'link' | 'button' | 'dialog' = 'link') => `/link/${rings.now.seal(kind, JSON.stringify(context))}`,
  }
}

export type Stage = ReturnType<typeof linkStage>

export const shownCode = (text: string): string | undefined => /\/berth link (\S{4}-\S{4})</.exec(text)?.[1]
