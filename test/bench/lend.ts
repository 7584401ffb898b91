/** `lend_over_floor`, `lends_per_second_over_floor`, `answer_p99`: a lend against what engine and nameserver cost without Berth. */
import { type Lender, type Lent, openLender } from './lent.ts'
import { type BenchOptions, type Measure, type Row, row } from './measure.ts'
import { median, medianInterval, quantile } from './quantiles.ts'
import { lanes, openStage, type Stage } from './stage.ts'

export const measureLend: Measure = {
  names: ['lend_over_floor', 'lends_per_second_over_floor', 'answer_p99'],
  async take(wanted, options, tell) {
    const stage = await openStage(options)
    const lender = await openLender(stage)
    try {
      // A lease of each member stands all the time, so that the account's network does too, but where it is the point.
      for (let lane = 1; lane < lanes; lane++) await lender.lend(await stage.member(lane))
      const at: Bench = { stage, lender, options }
      if (wanted.has('lend_over_floor')) await lendOverFloor(at, tell)
      if (wanted.has('lends_per_second_over_floor')) await lendsPerSecond(at, tell)
      if (wanted.has('answer_p99')) await answers(at, tell)
    } finally {
      lender.close()
      await stage.close()
    }
  },
}

interface Bench {
  readonly stage: Stage
  readonly lender: Lender
  readonly options: BenchOptions
}

/** Three kinds take turns; the order changes from turn to turn. */
async function lendOverFloor({ stage, lender, options: { quick, say } }: Bench, tell: (row: Row) => void): Promise<void> {
  const turns = quick ? 3 : 65, warmUps = quick ? 1 : 5
  const times = { floor: [] as number[], more: [] as number[], first: [] as number[] }
  const newcomer = await stage.member(0), holder = await stage.member(1)
  const lend = async (berth: typeof holder) => {
    const lent = await lender.lend(berth)
    await lender.takeBack(lent)
    return lent.readyMs
  }
  const kinds = {
    floor: async () => {
      const { ms, undo } = await stage.floor.raise(0)
      await undo()
      return ms
    },
    more: () => lend(holder),
    first: () => lend(newcomer),
  }
  const order = ['floor', 'more', 'first'] as const
  for (let turn = 0; turn < warmUps + turns; turn++) {
    if (turn % 10 === 0) say(`lend_over_floor: turn ${turn} of ${warmUps + turns}`)
    for (let place = 0; place < order.length; place++) {
      const kind = order[(turn + place) % order.length]!, ms = await kinds[kind]()
      if (turn >= warmUps) times[kind].push(ms)
    }
  }
  for (const kind of ['more', 'first'] as const) {
    const ratios = times[kind].map((ms, turn) => ms / times.floor[turn]!)
    tell(row({
      measure: 'lend_over_floor', case: kind === 'more' ? 'its account has a lease' : "the account's first lease", value: median(ratios),
      ci: medianInterval(ratios), unit: 'x',
      note: `p50 of ${turns} ratios; lend ${ms(times[kind])}, floor (create, start, inspect, one signed update) ${ms(times.floor)}; `
        + `${kind === 'more' ? "the account's network stands" : "the account's network is made in it"}; ${stage.inside}`,
    }, { most: 1.15 }))
  }
}

const ms = (values: readonly number[]): string => `p50 ${Math.round(median(values))} ms`

interface Turn {
  readonly lents: readonly Lent[]
  readonly perSecond: number
}

/** So many lends, eight at a time, each until it is ready; taking back is not on the clock. */
async function lendTurn({ stage, lender }: Bench, count: number): Promise<Turn> {
  const members = await Promise.all(Array.from({ length: lanes }, (_, lane) => stage.member(lane)))
  const lents: Lent[] = [], began = Date.now()
  let next = 0
  await Promise.all(members.map(async (berth) => {
    while (next < count) {
      next++
      lents.push(await lender.lend(berth))
    }
  }))
  const perSecond = count / (Math.max(...lents.map(({ readyAt }) => readyAt)) - began) * 1_000
  await Promise.all(lents.map((lent) => lender.takeBack(lent)))
  return { lents, perSecond }
}

async function floorTurn({ stage: { floor } }: Bench, count: number): Promise<number> {
  const undo: (() => Promise<void>)[] = [], began = performance.now()
  let next = 0
  await Promise.all(Array.from({ length: lanes }, async (_, lane) => {
    while (next < count) {
      next++
      undo.push((await floor.raise(lane)).undo)
    }
  }))
  const perSecond = count / (performance.now() - began) * 1_000
  await Promise.all(undo.map((one) => one()))
  return perSecond
}

async function lendsPerSecond(at: Bench, tell: (row: Row) => void): Promise<void> {
  const { stage, lender, options: { quick, say } } = at
  const pairs = quick ? 2 : 60, count = quick ? 8 : 24
  const base = await lender.lend(await stage.member(0)) // keeps this account's network
  const rates = { lend: [] as number[], floor: [] as number[] }
  await lendTurn(at, lanes)
  await floorTurn(at, lanes)
  for (let pair = 0; pair < pairs; pair++) {
    if (pair % 5 === 0) say(`lends_per_second_over_floor: pair ${pair} of ${pairs}`)
    const lend = async () => void rates.lend.push((await lendTurn(at, count)).perSecond)
    const floor = async () => void rates.floor.push(await floorTurn(at, count))
    for (const turn of pair % 2 === 0 ? [lend, floor] : [floor, lend]) await turn()
  }
  await lender.takeBack(base)
  const ratios = rates.lend.map((rate, pair) => rate / rates.floor[pair]!)
  tell(row({
    measure: 'lends_per_second_over_floor', value: median(ratios), ci: medianInterval(ratios), unit: 'x',
    note: `p50 of ${pairs} pairs of ${count} at ${lanes} in flight, one per member, each to ready; take-back not counted; `
      + `lend ${median(rates.lend).toFixed(1)}/s, floor ${median(rates.floor).toFixed(1)}/s; the accounts' networks stand; ${stage.inside}`,
  }, { least: 0.85 }))
}

async function answers(at: Bench, tell: (row: Row) => void): Promise<void> {
  const { stage, lender, options: { quick, say } } = at
  const wanted = quick ? 16 : 504, holder = await stage.member(1)
  const alone: number[] = [], together: number[] = []
  for (let turn = 0; turn < wanted; turn++) {
    if (turn % 50 === 0) say(`answer_p99: ${turn} of ${wanted}, one at a time`)
    const lent = await lender.lend(holder)
    alone.push(lent.answerMs)
    await lender.takeBack(lent)
  }
  const base = await lender.lend(await stage.member(0))
  while (together.length < wanted) {
    if (together.length % 48 === 0) say(`answer_p99: ${together.length} of ${wanted}, ${lanes} in flight`)
    together.push(...(await lendTurn(at, quick ? 8 : 24)).lents.map(({ answerMs }) => answerMs))
  }
  await lender.takeBack(base)
  const told = (name: string, values: readonly number[], most: number, how: string) => tell(row({
    measure: 'answer_p99', case: name, value: quantile(values, 0.99), unit: 'ms',
    note: `p99 of ${values.length}, p50 ${median(values)} ms, worst ${Math.max(...values)} ms; from the HTTP request to the gateway's answer; ${how}; ${stage.inside}`,
  }, { most }))
  told('1 at a time', alone, 80, 'each lease is taken back before the next')
  told(`${lanes} in flight`, together, 300, `${lanes} members lend without a pause, each waits for ready: containers start meanwhile`)
}
