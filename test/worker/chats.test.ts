/** From the configuration to a chat that vouches: an admin's mode must arrive where it counts, and nowhere else. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { chatSettingsOf } from '../../worker/adapters.ts'
import { checkConfig } from '../../worker/config.ts'
import { chatsOf } from '../../worker/wiring/core.ts'
import { startMattermostServer } from '../chat/mattermostServer.ts'
import { startSlackApi } from '../chat/slackApi.ts'

async function open(modes: { readonly slack?: object; readonly mattermost?: object }) {
  const dir = mkdtempSync(join(tmpdir(), 'berth-chats-')), mattermost = await startMattermostServer()
  const slack = await startSlackApi({ members: 1, mails: ['mika@example.org'], scopes: ['users:read', 'users:read.email'] })
  onTestFinished(async () => {
    await Promise.all([mattermost.close(), slack.close()])
    rmSync(dir, { recursive: true })
  })
  const file = (name: string, text: string) => {
    writeFileSync(join(dir, name), text)
    return join(dir, name)
  }
  mattermost.admin = true
  slack.more.set(slack.members[0]!, { is_email_confirmed: true })
  const config = checkConfig({
    instance: 'campus', roles: ['host'], state: dir, keys: { payloads: 'p', marks: 'm', env: 'e' }, host: { name: 'h1', site: 'campus', address: '10.0.0.1', ports: [1, 2] },
    chat: {
      url: 'https://berth.example.org',
      slack: [{ team: slack.team, api: slack.url, botTokenFile: file('slack', slack.botToken), signingSecretFile: file('secret', 's'), ...modes.slack }],
      mattermost: [{ name: 'campus', url: mattermost.url, botTokenFile: file('mattermost', mattermost.botToken), commandTokenFiles: {}, ...modes.mattermost }],
    },
  })
  const person = { uid: 'mika', uuid: 'uuid-mika', dn: 'uid=mika', groups: [], disabled: false }, asked: string[] = []
  const look = async (key: string) => {
    asked.push(key)
    return person
  }
  const chats = chatsOf(chatSettingsOf(config)), entries = { byUid: look, byMail: look }
  const user = mattermost.addUser('mika', { auth_service: 'ldap', auth_data: 'uuid-mika' }).id
  return {
    asked,
    vouched: [
      await chats.slack!.vouch!({ platform: 'slack', tenant: slack.team, user: slack.members[0]! }, entries),
      await chats.mattermost!.vouch!({ platform: 'mattermost', tenant: 'campus', user }, entries),
    ],
  }
}

test('without a mode no chat vouches for anybody', async () => {
  expect(await open({})).toEqual({ asked: [], vouched: [undefined, undefined] })
})

test('with its mode each does, for the one domain that is listed', async () => {
  const { asked, vouched } = await open({ slack: { mode: 'slack-sso-email', domains: ['example.org'] }, mattermost: { mode: 'mattermost-ldap' } })
  expect(vouched).toMatchObject([{ is: 'proven', person: { uid: 'mika' } }, { is: 'proven', person: { uid: 'mika' } }])
  expect(asked).toEqual(['mika@example.org', 'mika'])
  expect((await open({ slack: { mode: 'slack-sso-email', domains: ['example.com'] } })).vouched).toMatchObject([{ is: 'unproven' }, undefined])
})
