/** Lent from chat, on real parts: Slack's Web API by `emulate`, a Mattermost server as the real one was seen to be, two gateways side by side. */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freePort } from '../../worker/embedded/port.ts'
import { listens, pageAt } from '../../worker/demo/look.ts'
import type { LeaseStatus } from '../../workflows/terms.ts'
import { type MattermostServer, startMattermostServer } from '../chat/mattermostServer.ts'
import { type SlackApi, startSlackApi } from '../chat/slackApi.ts'
import { codeAt, pageIn, slackMember } from '../chat/slackMember.ts'
import { eventually, type Journey, journey, password } from './berth.ts'

const team = 'r34boek1ojg19q8n9ddpcf6ube', token = 'a-command-token', secret = 'a-signing-secret'
let it: Journey, slack: SlackApi, mattermost: MattermostServer, second: string
beforeAll(async () => {
  [slack, mattermost] = await Promise.all([startSlackApi(), startMattermostServer()])
  it = await journey({ chat: {
    slack: [{ team: slack.team, api: slack.url, botToken: slack.botToken, signingSecret: secret }],
    mattermost: [{ name: 'campus', url: mattermost.url, botToken: mattermost.botToken, commandTokens: { [team]: token } }],
  } })
  const port = await freePort()
  second = `http://127.0.0.1:${port}`
  await Promise.all([it.start(['core', 'host', 'gateway']), it.start(['gateway'], { change: { gateway: { ...it.configuration.gateway, port } } })])
  for (const member of ['mika', 'noor']) await it.login(member)
})
afterAll(async () => {
  await it?.stop()
  await slack?.close()
  await mattermost?.close()
})

/** What a member does with a lease that is ready: the same on both platforms. */
async function live(member: string, name: string, act: { readonly card: (says: string) => Promise<string>; readonly press: (verb: string) => Promise<void> }): Promise<void> {
  const ready = await act.card('is ready until'), status = await it.status(member, name), [endpoint] = status.endpoints
  expect(ready).toContain(`${endpoint!.fqdn}:${endpoint!.hostPort}`)
  expect(await pageAt(`http://127.0.0.1:${endpoint!.hostPort}/`)).toContain('Hello from Berth')
  await act.press('extend')
  const longer = await eventually('it ends later', async () => {
    const now = await it.status(member, name)
    return now.until! > status.until! ? now : undefined
  })
  expect(longer.until).toBe(status.until! + 3_600_000)
  await act.press('logs')
  await act.press('return')
  expect(await act.card('is over')).toContain(`returned by ${member}.`)
  await it.untilNothingIsLeft(status)
  expect(await listens('127.0.0.1', endpoint!.hostPort)).toBe(false)
}

test('in Slack: one line, a page, a code, a card that says ready, Extend, Return, over', async () => {
  const user = slack.members[0]!, member = slackMember({ gateway: it.gateway, team: slack.team, secret, user })
  const post = async () => (await slack.room(user)).find(({ blocks }) => blocks?.[0]?.text?.text.includes('*chatty*'))
  const saysOf = (at: Awaited<ReturnType<typeof post>>) => (at?.blocks ?? []).map(({ text }) => text?.text ?? '').join('\n')
  expect(await member.link('mika', password, 'lend web --name chatty --for 1h')).toContain('Reserved chatty')
  let shown: string | undefined
  await live('mika', 'chatty', {
    card: async (says) => {
      const at = await eventually(`the card says “${says}”`, async () => {
        const card = await post()
        return saysOf(card).includes(says) && card
      })
      expect(at.ts).toBe(shown ??= at.ts)
      return saysOf(at)
    },
    async press(verb) {
      const button = (await post())!.blocks!.flatMap(({ elements = [] }) => elements).find(({ action_id: id }) => id === verb)
      expect((await member.press(verb, button!.value)).status).toBe(200)
    },
  })
})

/** Where the machine is so busy that an answer is late, the same request is sent again: it gets the answer by then. */
const typed = async (gateway: string, user: string, text: string, trigger = mattermost.trigger(user)): Promise<string> => {
  for (let left = 20; ; left--) {
    const said = await typedOnce(gateway, user, { text, trigger })
    if (!said.includes('not confirmed') || left === 0) return said
  }
}
const typedOnce = async (gateway: string, user: string, { text, trigger }: { readonly text: string; readonly trigger: string }): Promise<string> => {
  const response = await fetch(`${gateway}/chat/mattermost/campus/command`, {
    method: 'POST', headers: { authorization: `Token ${token}`, 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ channel_id: 'c', command: '/berth', team_id: team, text, token, trigger_id: trigger, user_id: user, user_name: 'alice' }),
  })
  expect(response.status).toBe(200)
  return (await response.json() as { text: string }).text
}
const linked = async (member: string): Promise<string> => {
  const { id } = mattermost.addUser(`chat-${member}-${randomUUID().slice(0, 6)}`)
  const code = await codeAt(pageIn(await typed(it.gateway, id, 'link')), member, password)
  expect(await typed(second, id, `link ${code}`)).toContain(`linked to ${member}`)
  return id
}

test('in Mattermost: the same, with clicks that bear no proof but their seal', async () => {
  const user = await linked('noor')
  const post = () => mattermost.room(user).find(({ message }) => message.startsWith('**clicked**'))
  expect(await typed(it.gateway, user, 'lend web --name clicked --for 1h')).toContain('Reserved clicked')
  let shown: string | undefined
  await live('noor', 'clicked', {
    card: async (says) => {
      const at = await eventually(`the card says “${says}”`, async () => {
        const card = post()
        return card?.message.includes(says) ? card : undefined
      })
      expect(at.id).toBe(shown ??= at.id)
      return at.message
    },
    async press(verb) {
      const { status, text } = await mattermost.click(post()!, verb, user)
      expect(status).toBe(200)
      if (verb === 'extend') expect(text).toContain('Lent until')
    },
  })
})

test('two gateways are as one: one request delivered to both lends once, and what one began the other finishes', async () => {
  const user = await linked('mika'), trigger = mattermost.trigger(user)
  const answers = await Promise.all([it.gateway, second, it.gateway, second].map((gateway) => typed(gateway, user, 'lend web --for 1h', trigger)))
  expect(new Set(answers).size).toBe(1)
  expect(answers[0]).toContain('Reserved')
  const again = await Promise.all([it.gateway, second].map((gateway) => typed(gateway, user, 'lend web --for 1h')))
  expect(new Set([...answers, ...again]).size).toBe(1) // typed again within 10 s
  const { leases } = await it.asked<{ leases: LeaseStatus[] }>('mika', 'list')
  expect(leases).toHaveLength(1)
  const status = await it.status('mika', leases[0]!.name)
  expect(await typed(second, user, `return ${leases[0]!.name}`)).toContain('is given back')
  await it.untilNothingIsLeft(status)
})

test('a chat that is down holds up no lease, and is told when it is back', async () => {
  const user = await linked('noor')
  mattermost.down = true
  expect((await it.as('noor', 'lend', 'web', '--name', 'unseen', '--for', '1h')).code).toBe(0)
  const status = await eventually('it is ready', async () => {
    const now = await it.status('noor', 'unseen')
    return now.phase === 'ready' && now
  })
  await it.as('noor', 'return', 'unseen')
  await it.untilNothingIsLeft(status)
  mattermost.down = false
  await eventually('its card says that it is over', async () => mattermost.room(user).some(({ message }) => message.startsWith('**unseen**') && message.includes('is over')), 120_000)
}, 240_000)
