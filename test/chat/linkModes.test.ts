/** What somebody reads whose chat account its platform itself proves: no page, and what was typed goes on. */
import { expect, test } from 'vitest'
import { linkId } from '../../workflows/link/messages.ts'
import type { ChatUser, Who } from '../../workflows/link/terms.ts'
import { person, refusing } from '../client/fake.ts'
import { commandBody, official, signed } from './slackSigned.ts'
import { alice, chatStage, mattermostTeam, mattermostToken, slackTeam } from './stage.ts'

const at = Date.UTC(2026, 10, 29, 9)
const mika = { uid: 'mika', uuid: 'uuid-mika', since: 1 }

type Sent = Parameters<ReturnType<typeof chatStage>['send']>

/** A line of somebody whom nobody has linked, as each platform sends it. */
const platforms: readonly [on: string, user: ChatUser, typed: (text: string) => Sent][] = [
  ['Mattermost', { ...alice, user: 'newcomer' }, (text: string) => {
    const trigger = Buffer.from(`abc:newcomer:${at}:signature`).toString('base64')
    return ['/chat/mattermost/campus/command', {
      headers: { 'content-type': 'application/x-www-form-urlencoded', authorization: `Token ${mattermostToken}` },
      body: new URLSearchParams({ token: mattermostToken, team_id: mattermostTeam, user_id: 'newcomer', text, command: '/berth', trigger_id: trigger }).toString(),
    }]
  }],
  ['Slack', { platform: 'slack', tenant: slackTeam, user: 'U0NEWCOMER' }, (text: string) =>
    ['/chat/slack/command', signed(commandBody(text, { team_id: slackTeam, user_id: 'U0NEWCOMER', trigger_id: 't1' }), { at, secret: official.secret })]],
]

/** `begin`: what the link answers. */
function open(user: ChatUser, begin: () => unknown) {
  const it = chatStage({ now: at, links: { [linkId(user)]: {} } })
  it.workflows.set(linkId(user), { query: () => it.whos.get(linkId(user)), update: (name) => name === 'begin' ? begin() : undefined })
  const linkedAs = (who: Who) => void it.whos.set(linkId(user), who)
  return { ...it, linkedAs }
}

test.each(platforms)('on %s the line goes on at once, with a word of whom it is linked to', async (_, user, typed) => {
  const it = open(user, () => {
    it.linkedAs({ linked: mika })
    return mika
  })
  const answer = (await it.send(...typed('lend nginx --name web --for 2h'))).json().text
  expect(answer).toMatch(/^This chat account is linked to mika now\. Reserved web/)
  expect(answer).not.toContain('/link/')
  expect(it.acts().map(({ id, name }) => [id, name])).toEqual([['account:mika', 'lend']])
  expect(it.calls[0]).toMatchObject({ id: linkId(user), name: 'begin', arg: { line: 'lend nginx --name web --for 2h' } })
})

test.each(platforms)('on %s a plain link says only that it is done', async (_, user, typed) => {
  const it = open(user, () => {
    it.linkedAs({ linked: mika })
    return mika
  })
  expect((await it.send(...typed('link'))).json().text).toBe('This chat account is linked to mika now.')
  expect(it.acts()).toEqual([])
})

test.each(platforms)('on %s what is not proven leads to the page, without a word of why', async (_, user, typed) => {
  const it = open(user, () => undefined)
  expect((await it.send(...typed('lend nginx'))).json().text).toMatch(/^Link your directory account first: open https:\/\/berth\.example\.org\/link\/\S+ within ten minutes, .* What you typed goes on afterwards\.$/)
  expect(it.acts()).toEqual([])
})

test.each(platforms)('on %s the directory is asked again for the line itself', async (_, user, typed) => {
  const it = open(user, () => {
    it.linkedAs({ linked: mika })
    it.directory.people[0] = person('mika', { disabled: true })
    return mika
  })
  expect((await it.send(...typed('lend nginx'))).json().text).toContain('disabled')
  expect(it.acts()).toEqual([])
})

test.each(platforms)('on %s a guest is refused as ever', async (_, user, typed) => {
  const it = open(user, () => { throw refusing('foreignChat', 'Guests of this chat cannot use Berth.') })
  expect((await it.send(...typed('lend nginx'))).json().text).toBe('Guests of this chat cannot use Berth.')
  expect(it.acts()).toEqual([])
})
