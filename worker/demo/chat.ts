/** The chat part of the demo: signed slash commands by curl, the page at which an account is linked, and the card. */
import { randomBytes } from 'node:crypto'
import { spawn } from 'node:child_process'
import { signatureOf } from '../../client/gateway/chat/slack/proof.ts'
import type { DemoBerth } from './berth.ts'
import { type DemoChat, type DemoPost, sayPost, slackTeam, slackUser } from './slack.ts'
import { pageAt } from './look.ts'
import { assertSeen, eventually, type Stage } from './stage.ts'

/** What a member of a chat does, from the first word to the last; throws `NotSeen` with the step that did not happen. */
export async function playChat({ chat, demo, stage, member, password }: {
  readonly chat: DemoChat; readonly demo: DemoBerth; readonly stage: Stage; readonly member: string; readonly password: string
}): Promise<void> {
  const send = (path: string, fields: Readonly<Record<string, string>>) => signedCurl(`${demo.gateway}/chat/slack/${path}`, { fields, secret: chat.signingSecret, stage })
  const type = async (text: string): Promise<string> => {
    stage.line(`/berth ${text}`)
    const answer = JSON.parse(await send('command', { team_id: slackTeam, user_id: slackUser, command: '/berth', text, trigger_id: randomBytes(8).toString('hex') })) as { text: string }
    for (const line of answer.text.split('\n')) stage.line(`  ${line}`)
    return answer.text
  }
  const card = (says: string) => eventually(`the card says “${says}”`, async () =>
    chat.slack.room(slackUser).find((post) => sayPost(post).some((line) => line.includes('*chatty*') && line.includes(says))), 30_000)
  const show = (post: DemoPost) => {
    for (const line of sayPost(post)) stage.line(`  │ ${line}`)
  }

  await stage.step(`In Slack, ${member} types one line; the account is not linked yet, so a page asks who this is`, async () => {
    const said = await type('lend web --name chatty --for 30m')
    const page = /https?:\/\/\S+\/link\/\S+/.exec(said)?.[0]
    assertSeen(page !== undefined, 'No page was named.')
    const signedIn = await (await fetch(page, {
      method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: new URLSearchParams({ username: member, password }),
    })).text()
    const code = /\/berth link ([a-z-]+)/.exec(signedIn)?.[1]
    assertSeen(code !== undefined, 'The page showed no code.')
    stage.seen(`${member} signs in there with the password of the directory; it shows a code to be typed in the chat`)
    assertSeen(/Reserved chatty/.test(await type(`link ${code}`)), 'What was typed first did not go on.')
  })

  await stage.step('The card in the direct messages says how to reach it', async () => {
    const ready = await card('is ready')
    show(ready)
    const reached = /`([^`:]+):(\d+)`/.exec(sayPost(ready).join(' '))
    assertSeen(reached !== null, 'The card names no port.')
    assertSeen((await pageAt(`http://127.0.0.1:${reached[2]}/`)).includes('Hello from Berth'), 'The page behind it does not answer.')
    stage.seen('the page behind it answers')
  })

  await stage.step('The button Return is pressed, and the same card says that it is over', async () => {
    const before = await card('is ready'), button = before.blocks.flatMap(({ elements = [] }) => elements).find(({ action_id: id }) => id === 'return')
    await send('interact', { payload: JSON.stringify({
      type: 'block_actions', team: { id: slackTeam }, user: { id: slackUser, team_id: slackTeam }, trigger_id: randomBytes(8).toString('hex'), actions: [{ action_id: 'return', value: button?.value }],
    }) })
    const over = await card('is over')
    assertSeen(over.ts === before.ts, 'It is another card.')
    show(over)
  })
}

/** Prints the very command, and runs it. */
async function signedCurl(url: string, { fields, secret, stage }: { readonly fields: Readonly<Record<string, string>>; readonly secret: string; readonly stage: Stage }): Promise<string> {
  const body = new URLSearchParams(fields).toString(), at = String(Math.floor(Date.now() / 1000))
  const words = ['-sS', '-X', 'POST', url, '-H', `X-Slack-Request-Timestamp: ${at}`, '-H', `X-Slack-Signature: ${signatureOf(secret, at, body)}`, '--data-raw', body]
  stage.line(`$ curl ${words.map((word) => /^[\w:/.-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`).join(' ')}`)
  return new Promise((done, fail) => {
    const child = spawn('curl', words, { stdio: ['ignore', 'pipe', 'inherit'] })
    let out = ''
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => { out += chunk })
    child.on('error', fail).on('close', () => done(out))
  })
}
