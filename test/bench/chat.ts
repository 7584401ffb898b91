/** Chat: how soon a signed slash command is answered, what the gateway adds to a bare route, and what it weighs. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Berth } from '../../client/berth.ts'
import { startDemoSlack } from '../../worker/demo/slack.ts'
import type { LeaseStatus } from '../../workflows/terms.ts'
import { type SlackMember, slackMember } from '../chat/slackMember.ts'
import { type Lender, openLender } from './lent.ts'
import { type BenchOptions, type Measure, type Row, row } from './measure.ts'
import { median, medianInterval, quantile } from './quantiles.ts'
import { residentOf } from './resident.ts'
import { lanes, openStage, password, type Stage } from './stage.ts'

const team = 'T0BENCH', secret = 'bench-signing-secret'
const userOf = (number: number): string => `U0MEMBER${number}`

export const measureChat: Measure = {
  names: ['slash_answer_p99', 'slash_answer_p99_load', 'gateway_over_bare', 'gateway_memory'],
  async take(wanted, options, tell) {
    const users = Object.fromEntries(Array.from({ length: lanes }, (_, number) => [userOf(number), `member${number}`]))
    const slack = await startDemoSlack({ team, users })
    try {
      const stage = await openStage({ ...options, chat: {
        slack: [{ team, api: slack.api, botToken: 'xoxb-bench', signingSecret: secret, appToken: 'xapp-bench' }],
        mattermost: [{ name: 'bench', url: slack.api.replace(/\/api\/$/, ''), botToken: 'bench', commandTokens: { t: 'token' } }],
      } })
      const lender = await openLender(stage)
      try {
        const members = await Promise.all(Array.from({ length: lanes }, async (_, number) => {
          const member = slackMember({ gateway: stage.gateway, team, secret, user: userOf(number) })
          await member.link(`member${number}`, password)
          return member
        }))
        const at: Bench = { stage, lender, members, options }
        if (wanted.has('slash_answer_p99')) await answers(at, { inFlight: 1, name: 'slash_answer_p99', most: 150 }, tell)
        if (wanted.has('slash_answer_p99_load')) await answers(at, { inFlight: 20, name: 'slash_answer_p99_load', most: 1_500 }, tell)
        if (wanted.has('gateway_over_bare')) await overBare(at, tell)
        if (wanted.has('gateway_memory')) await memory(at, tell)
      } finally {
        lender.close()
        await stage.close()
      }
    } finally {
      await slack.stop()
    }
  },
}

interface Bench {
  readonly stage: Stage
  readonly lender: Lender
  readonly members: readonly SlackMember[]
  readonly options: BenchOptions
}

/** Each lease becomes ready, is given back and is gone before its place in flight is used again: lends are measured, not a full host. */
async function answers({ stage, lender, members, options: { quick, say } }: Bench, of: { readonly inFlight: number; readonly name: string; readonly most: number }, tell: (row: Row) => void): Promise<void> {
  const wanted = quick ? 2 * of.inFlight : 500, times: number[] = []
  let begun = 0, unconfirmed = 0
  await Promise.all(Array.from({ length: of.inFlight }, async (_, lane) => {
    const member = members[lane % members.length]!, berth = await stage.member(lane % members.length)
    while (begun < wanted) {
      const nth = begun++
      if (nth % 50 === 0) say(`${of.name}: ${nth} of ${wanted}`)
      const name = `s${of.inFlight}-${lane}-${nth}`, began = performance.now()
      const said = await member.type(`lend web --name ${name}`)
      times.push(performance.now() - began)
      if (!said.includes(`Reserved ${name}`)) {
        unconfirmed++
        say(`${of.name}: ${said}`)
      }
      const lease = await laterStatus(berth, name)
      await lender.untilReady(lease, lease.asked)
      await lender.takeBack({ berth, receipt: lease })
    }
  }))
  tell(row({
    measure: of.name, value: quantile(times, 0.99), unit: 'ms',
    note: `p99 of ${times.length}, p50 ${Math.round(median(times))} ms, worst ${Math.round(Math.max(...times))} ms; ${of.inFlight} in flight of ${members.length} members, signed \`/berth lend\` to the `
      + `HTTP answer, ${unconfirmed} not confirmed in time; each waits for ready and is given back before the next; card by a stand-in of Slack's Web API; ${stage.inside}`,
  }, { most: of.most }))
}

/** What was not confirmed in time is there a moment later. */
async function laterStatus(berth: Berth, name: string): Promise<LeaseStatus> {
  for (let left = 50; ; left--) {
    try {
      return await berth.status(name)
    } catch (error) {
      if (left === 0) throw error
      await new Promise((done) => setTimeout(done, 200))
    }
  }
}

/** The two are asked in turn, over connections that stay open; both run in processes of their own. */
async function overBare({ members, stage, options: { quick, say } }: Bench, tell: (row: Row) => void): Promise<void> {
  const turns = quick ? 20 : 1_000, warmUps = quick ? 5 : 200, { url } = await stage.anotherGateway(), { user } = members[0]!
  const member = slackMember({ gateway: url, team, secret, user }), bare = await startBare(await member.type('help'))
  try {
    const times = { gateway: [] as number[], bare: [] as number[] }
    const timed = async (ask: () => Promise<Response>) => {
      const began = performance.now()
      await (await ask()).text()
      return performance.now() - began
    }
    say(`gateway_over_bare: ${turns} turns`)
    const plain = slackMember({ gateway: bare.url, team, secret, user })
    for (let turn = 0; turn < warmUps + turns; turn++) {
      const order = turn % 2 === 0 ? ['gateway', 'bare'] as const : ['bare', 'gateway'] as const
      for (const kind of order) {
        const ms = await timed(() => (kind === 'gateway' ? member : plain).command('help'))
        if (turn >= warmUps) times[kind].push(ms)
      }
    }
    const ratios = times.gateway.map((ms, turn) => ms / times.bare[turn]!)
    tell(row({
      measure: 'gateway_over_bare', value: median(ratios), ci: medianInterval(ratios), unit: 'x',
      note: `p50 of ${turns} ratios, taken in turn; a signed \`/berth help\` ${median(times.gateway).toFixed(2)} ms, a bare hono route that reads the same body and gives the same answer ${median(times.bare).toFixed(2)} ms; ${stage.inside}`,
    }, { most: 1.5 }))
  } finally {
    bare.child.kill()
  }
}

/** It answers with the same bytes, so that what is compared is what the gateway does. */
async function startBare(answer: string): Promise<{ readonly url: string; readonly child: ChildProcess }> {
  const child = fork(join(import.meta.dirname, 'bareRoute.ts'), [answer], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const [url] = await once(child, 'message') as [string]
  return { url, child }
}

async function memory({ stage, members }: Bench, tell: (row: Row) => void): Promise<void> {
  const { url, pid } = await stage.anotherGateway()
  const asked = members.map(({ user }) => slackMember({ gateway: url, team, secret, user }))
  for (let n = 0; n < 25; n++) await Promise.all(asked.map((member) => member.type('list')))
  tell(row({
    measure: 'gateway_memory', value: residentOf(pid) / 2 ** 20, unit: 'MB',
    note: `resident memory of a process with role gateway alone, Slack (HTTP and socket) and Mattermost configured, after ${25 * members.length} commands; ${stage.inside}`,
  }, { most: 180 }))
}
