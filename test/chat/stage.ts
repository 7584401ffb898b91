/** A gateway that serves chats, with a Temporal, a directory and keys in memory. mika's and olga's chat accounts are linked. */
import { readFileSync } from 'node:fs'
import { createGateway } from '../../client/gateway/gateway.ts'
import type { LogLine } from '../../client/gateway/options.ts'
import type { ChatSeals } from '../../client/gateway/seals.ts'
import type { ChatSettings } from '../../client/gateway/chat/settings.ts'
import { accountId } from '../../workflows/contract.ts'
import { linkId } from '../../workflows/link/messages.ts'
import type { ButtonContext, ChatUser, SealKind, Who } from '../../workflows/link/terms.ts'
import type { LendRequest } from '../../workflows/terms.ts'
import { desk, fakeDirectory, fakeSeals, fakeTemporal, held, key, leaseStatus, person, receiptOf, webId } from '../client/fake.ts'

export const slackTeam = 'T1DC2JH3J', slackSecret = '8f742231b10e8888abcd99yyyzzz85a5'
export const mattermostTeam = 'r34boek1ojg19q8n9ddpcf6ube', mattermostToken = 'yxquq9hfq3yxdc8xphwaozdhgh'

export interface Recorded {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly receivedAt?: number
}

/** A request as a real server sent it. */
export const recorded = (name: string): Recorded => JSON.parse(readFileSync(new URL(`fixtures/${name}.json`, import.meta.url), 'utf8')) as Recorded

/** Users of the recorded requests: alice typed the command, an admin of the chat clicked. */
export const alice: ChatUser = { platform: 'mattermost', tenant: 'campus', user: 'zhg91mggo78sifz1sog3qszope' }
export const chief: ChatUser = { platform: 'mattermost', tenant: 'campus', user: 'cey9bfu73f8m8cun5sr1ohjfte' }

/** What the link of a member's chat account says. */
export const linked = (uid: string): Who => ({ linked: { uid, uuid: `uuid-${uid}`, since: 1 }, name: uid })

/** Each kind under a binding of its own, as the real keys have it. */
export function chatSeals(seals = fakeSeals()): ChatSeals & { readonly seals: ReturnType<typeof fakeSeals> } {
  return {
    seals,
    seal: (kind, text) => seals.sealToken(`${kind}\n${text}`),
    open: (kind, sealed) => {
      const text = seals.openToken(sealed)
      return text?.startsWith(`${kind}\n`) ? text.slice(kind.length + 1) : undefined
    },
  }
}

export function chatStage({ now: at = Date.now(), settings = {}, links = {} }: {
  readonly now?: number
  readonly settings?: Partial<ChatSettings>
  /** Whose each chat account is, by link id. */
  readonly links?: Readonly<Record<string, Who>>
} = {}) {
  const { temporal, workflows, calls } = fakeTemporal()
  const directory = fakeDirectory([person('mika'), person('noah'), person('olga', { groups: ['admins'] })])
  const seals = fakeSeals(), sealed = chatSeals(), log: LogLine[] = []
  const whos = new Map<string, Who>(Object.entries({ [linkId(alice)]: linked('mika'), [linkId(chief)]: linked('olga'), ...links }))
  for (const id of whos.keys()) workflows.set(id, { query: () => whos.get(id), update: () => undefined })
  workflows.set(accountId('mika'), {
    query: () => desk('mika', { leases: [held] }),
    update: (name, arg: LendRequest) => name === 'lend' ? receiptOf(arg) : undefined,
  })
  workflows.set(accountId('olga'), { query: () => desk('olga'), update: () => undefined })
  workflows.set(webId, {
    query: () => leaseStatus({ until: 5_000 }),
    update: (name) => name === 'extend' ? { until: 6_000, sentence: 'Lent until later.' } : name === 'logs' ? ['a line', 'another'] : undefined,
  })
  let now = at
  const gateway = createGateway({
    temporal, directory, seals, isAdmin: (who) => who.groups.includes('admins'), version: 'test',
    options: { log: (line) => log.push(line), now: () => now },
    chat: { seals: sealed, settings: {
      url: 'https://berth.example.org',
      slack: [{ team: slackTeam, signingSecret: slackSecret, botToken: 'xoxb-secret' }],
      mattermost: [{ name: 'campus', url: 'http://127.0.0.1:1', botToken: 'bot-secret', commandTokens: { [mattermostTeam]: mattermostToken } }],
      ...settings,
    } },
  })
  return {
    gateway, workflows, calls, directory, log, whos, sealed,
    pass: (ms: number) => { now += ms },
    now: () => now,
    seal: (kind: SealKind, context: object) => sealed.seal(kind, JSON.stringify(context)),
    button: (more: Partial<ButtonContext> = {}) =>
      sealed.seal('button', JSON.stringify({ verb: 'extend', lease: key, who: alice, until: 5_000, exp: now + 60_000, ...more })),
    /** What changed anything, or would have. */
    acts: () => calls.filter(({ name }) => name !== 'begin' && name !== 'answered'),
    /** Nothing that is secret may stand in a log. */
    logged: () => JSON.stringify(log),
    async send(path: string, { headers = {}, body, method = 'POST' }: { readonly headers?: Readonly<Record<string, string>>; readonly body?: string; readonly method?: string }) {
      const response = await gateway.app.request(path, { method, headers: { ...headers }, ...(body !== undefined && { body }) })
      const text = await response.text()
      return { status: response.status, text, json: () => JSON.parse(text) as { text?: string; ephemeral_text?: string; errors?: Record<string, string> } }
    },
  }
}
