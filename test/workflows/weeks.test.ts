import { describe, expect, test } from 'vitest'
import { day, by, hour, key, leaseInput, minute, place, readyLease, second, standing, startedLease, takenBack } from './leaseStory.ts'
import { playRenewals } from './renewals.ts'
import { type Seen, Story, toldOne } from './story.ts'
import type { Books } from '../../workflows/account/books.ts'
import { defaultClocks } from '../../workflows/rules/clocks.ts'
import type { LeaseEnded } from '../../workflows/contract.ts'
import type { OpenLease } from '../../workflows/steps.ts'
import type { LendRequest, Receipt } from '../../workflows/terms.ts'

const timers = (seen: readonly Seen[]) => seen.filter(([what]) => what === 'timer').map(([, ms]) => ms)
const all = (seen: readonly Seen[], what: string) => seen.filter((one) => one[0] === what).map(([, detail]) => detail)
/** Told with the last word. */
const notices = (seen: readonly Seen[]) => all(seen, 'signal leaseEnded').flatMap((word) => (word as LeaseEnded).notices.map(({ kind }) => kind))

describe('a lease of three weeks', () => {
  const input = leaseInput(21 * day, { warnMs: [30 * minute, 5 * minute] })

  test('sets exactly the timers of its warnings and its end, and is taken back when it is due', async () => {
    const { story, timer, until } = readyLease(input, 21 * day - 30 * minute)
    story.at(until - 30 * minute)
    timer.fires()
    story.turn()
    const second = story.timer(25 * minute)
    story.at(until - 5 * minute)
    second.fires()
    story.turn()
    const last = story.timer(5 * minute)
    story.at(until)
    last.fires()
    story.turn()
    takenBack(story)
    const seen = await toldOne(story)
    expect(timers(seen)).toEqual([10 * minute, 21 * day - 30 * minute, 25 * minute, 5 * minute])
    expect(notices(seen)).toEqual(['ready', 'warning', 'warning', 'ended'])
    expect(all(seen, 'removeContainer')).toEqual([[{ key, number: 1, member: 'mika' }]])
    expect(all(seen, 'result')).toMatchObject([{ reason: 'due', sentence: expect.any(String) as string }])
  })

  test('that is extended in its last second is not taken back, and warns anew', async () => {
    const { story, timer, until } = readyLease(input, 21 * day - 30 * minute)
    story.at(until - 30 * minute)
    timer.fires()
    story.turn()
    const second = story.timer(25 * minute)
    story.at(until - 5 * minute)
    second.fires()
    story.turn()
    const last = story.timer(5 * minute)
    story.at(until - 900).turn()
    const update = story.takes('extend', 'u1', { key, requestId: 'r1', by })
    const asked = story.activity('entitle')
    story.at(until - 1)
    asked.done(standing({ extend: { stepMs: 2 * hour, windowMs: 30 * minute, capMs: 60 * day } }))
    story.turn().shows()
    update.answers({ until: until + 2 * hour, sentence: '' })
    last.cancelled()
    const again = story.timer(90 * minute + 1)
    story.at(until + 90 * minute)
    again.fires()
    story.turn()
    const fourth = story.timer(25 * minute)
    story.at(until + 2 * hour - 5 * minute)
    fourth.fires()
    story.turn()
    const end = story.timer(5 * minute)
    story.at(until + 2 * hour)
    end.fires()
    story.turn()
    takenBack(story)
    const seen = await toldOne(story)
    expect(all(seen, 'extend answered')).toMatchObject([{ until: until + 2 * hour }])
    expect(timers(seen).slice(-3)).toEqual([90 * minute + 1, 25 * minute, 5 * minute])
    expect(notices(seen)).toEqual(['ready', 'warning', 'warning', 'extended', 'warning', 'warning', 'ended'])
    expect(all(seen, 'removeContainer')).toHaveLength(1)
  })
})

test('an idle lease is noticed after a day, paused after three, and deleted after a week asleep', async () => {
  const input = leaseInput(60 * day, { idle: { noticeMs: day, pauseMs: 3 * day, deleteMs: 7 * day, cpuShare: 0.01 } })
  const { story, timer } = readyLease(input, 60 * day)
  story.wait(day)
  const since = story.now
  story.hears('seen', { key, number: 1, what: 'idle', at: since, since, evidence: 'no cpu' }).turn()
  timer.cancelled()
  const notice = story.timer(day)
  story.wait(day)
  notice.fires()
  story.turn()
  const pause = story.timer(2 * day)
  story.wait(2 * day)
  pause.fires()
  story.turn()
  const stop = story.activity('pauseContainer')
  stop.done()
  story.turn()
  const asleep = story.activity('claimName')
  asleep.done()
  story.turn()
  story.says('free', 'site:campus').arrives()
  story.turn().says('leasePaused', 'account:mika').arrives()
  story.turn()
  const pausedAt = story.now
  story.shows()
  const sleepsFor = pausedAt + 7 * day - story.now, end = story.timer(sleepsFor)
  story.wait(sleepsFor)
  end.fires()
  story.turn()
  takenBack(story)
  const seen = await toldOne(story)
  expect(timers(seen)).toEqual([10 * minute, 60 * day, day, 2 * day, sleepsFor])
  expect(notices(seen)).toEqual(['ready', 'idle', 'paused', 'ended'])
  expect(all(seen, 'result')).toMatchObject([{ reason: 'idle' }])
})

describe('in the same instant', () => {
  const input = leaseInput(hour)

  test('a return and the due time end a lease once', async () => {
    const { story, timer, until } = readyLease(input, hour)
    story.at(until)
    timer.fires()
    story.turn()
    const update = story.takes('release', 'u1', { key, by })
    update.answers(null)
    takenBack(story)
    const seen = await toldOne(story)
    expect(all(seen, 'removeContainer')).toHaveLength(1)
    expect(all(seen, 'releaseName')).toHaveLength(1)
    expect(all(seen, 'signal leaseEnded')).toHaveLength(1)
    expect(all(seen, 'result')).toMatchObject([{ reason: 'returned' }])
  })

  test('a lost right and readiness end a lease once, and nothing is told to be ready', async () => {
    const { story, longestWait } = startedLease(input)
    story.hears('revoke', { key, by: 'root', reason: 'gone' }).turn()
    longestWait.cancelled()
    takenBack(story)
    const seen = await toldOne(story)
    expect(notices(seen)).toEqual(['ended'])
    expect(all(seen, 'removeContainer')).toHaveLength(1)
    expect(all(seen, 'result')).toMatchObject([{ reason: 'revoked', sentence: 'gone' }])
  })

  test('a place and a return: the place is given back, and whatever was begun there is proven absent', async () => {
    const story = new Story('lease', input)
    const longestWait = story.timer(10 * minute), asked = story.says('place', 'site:campus')
    asked.arrives()
    story.wait(10).hears('placed', { key, place }).turn()
    story.takes('release', 'u1', { key, by }).answers(null)
    story.inVain(2)
    longestWait.cancelled()
    takenBack(story)
    const seen = await toldOne(story)
    expect(all(seen, 'removeContainer')).toHaveLength(1)
    expect(all(seen, 'signal free')).toMatchObject([{ key, number: 1 }])
    expect(all(seen, 'result')).toMatchObject([{ reason: 'returned' }])
  })
})

test('of a thousand renewals within 50 ms of the expiry none is both renewed and removed, or neither answered nor refused', async () => {
  const found = await playRenewals(1_000, 20_260_101)
  expect(Object.values(found).flat()).toHaveLength(1_000)
  for (const outcomes of Object.values(found)) {
    expect(outcomes.filter(({ renewed, removed }) => renewed && removed)).toEqual([])
    expect(outcomes.filter(({ renewed, refused }) => renewed === refused)).toEqual([])
    expect(outcomes.filter(({ refused, removed }) => refused && !removed)).toEqual([])
  }
  expect(found.before.every(({ renewed }) => renewed)).toBe(true)
  expect(found.after.every(({ removed }) => removed)).toBe(true)
  expect(found['asked with it'].every(({ removed }) => removed)).toBe(true)
}, 300_000)

describe('an account', () => {
  const begin = Date.UTC(2026, 0, 1), hears = (story: Story, id: string, wish: Partial<LendRequest>) =>
    story.takes('lend', id, { requestId: id, key, image: 'none', ports: [], ...wish })

  test('asks the directory every day of a month, never at the same distance, and stays short', async () => {
    const open: OpenLease = {
      key, leaseId: `lease:web.mika.${key}`, member: 'mika', name: 'web', label: 'web-kkkkkk', image: 'web', cpu: 1, memory: 2 ** 28, ports: 1,
      site: 'campus', number: 1, paused: false, asked: begin,
    }
    const story = new Story('account', { member: 'mika' }, begin)
    const rebuild = story.activity('openLeases')
    rebuild.done({ leases: [open], knownOpen: [] })
    story.turn()
    let timer = story.timer(15 * minute)
    const daily = { ...standing(), clocks: { ...defaultClocks, recheckMs: day } }
    for (let round = 0; round < 31; round++) {
      story.wait(1.2 * day)
      timer.fires()
      story.turn()
      const look = story.activity('openLeases')
      look.done({ leases: [], knownOpen: [key] })
      story.turn()
      story.local('entitle', daily)
      timer = story.timer(day)
    }
    const seen = await toldOne(story), waits = timers(seen).slice(1) as number[]
    expect(all(seen, 'entitle')).toHaveLength(31)
    expect(waits).toHaveLength(31)
    expect(new Set(waits).size).toBeGreaterThan(25)
    for (const wait of waits) expect(Math.abs(wait - day)).toBeLessThanOrEqual(0.2 * day)
    expect(story.events.length).toBeLessThan(1_500)
  })

  test('answers a request that comes again within a day as before, and asks anew after it', async () => {
    const receipt: Receipt = { key, leaseId: 'l', name: 'web', label: 'web-kkkkkk', fqdn: 'f', site: 'campus', image: 'web', forMs: hour }
    const carried: Books = {
      member: 'mika', epoch: 0, held: {}, receipts: { old: { at: begin, receipt } }, notices: [], endings: [], clocks: defaultClocks, missed: [], emptySince: begin,
    }
    const story = new Story('account', { member: 'mika', carried }, begin)
    story.timer(defaultClocks.accountIdleMs)
    story.wait(24 * hour - second).turn()
    hears(story, 'old', {}).answers(receipt)
    const asks = (id: string) => {
      story.wait(second).turn()
      const update = hears(story, id, {})
      story.local('entitle', standing())
      update.refuses('unknownImage')
    }
    story.wait(second)
    asks('other')
    asks('old')
    const seen = await toldOne(story)
    expect(all(seen, 'lend answered')).toEqual([receipt])
    expect(all(seen, 'lend refused')).toEqual(['Refused:unknownImage', 'Refused:unknownImage'])
    expect(all(seen, 'entitle')).toHaveLength(2)
  })
})
