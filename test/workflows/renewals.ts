/** Renewals within 50 ms of the expiry, as histories: whatever comes first, a lease is never both renewed and removed. */
import { seeded } from '../faults/random.ts'
import type { Entitlement } from '../../workflows/terms.ts'
import { by, day, hour, key, leaseInput, minute, readyLease, standing } from './leaseStory.ts'
import { type Seen, type Story, told } from './story.ts'

/**
 * | order | the extension's answer from the directory |
 * |---|---|
 * | before | is heard in a task before the timer fires |
 * | after | is heard in a task after the one that heard the timer |
 * | answer, timer | both in one task, the answer first |
 * | timer, answer | both in one task, the timer first |
 * | asked with it | the wish itself comes in the task of the timer, the answer later |
 */
export const orders = ['before', 'after', 'answer, timer', 'timer, answer', 'asked with it'] as const
export type Order = (typeof orders)[number]

const apartMs = 50
const terms: Partial<Entitlement> = { extend: { stepMs: hour, windowMs: 30 * minute, capMs: day } }

/** `random`: 0 to 1, seeded. */
export function renewal(order: Order, random: () => number): Story {
  const near = () => Math.round((random() * 2 - 1) * apartMs)
  const { story, timer, until } = readyLease(leaseInput(hour, terms), hour)
  const asks = () => {
    story.turn()
    const update = story.takes('extend', 'u1', { key, requestId: 'r1', by })
    return { update, asked: story.activity('entitle') }
  }
  if (order === 'asked with it') {
    story.at(until + Math.abs(near()))
    timer.fires()
    const { asked } = asks()
    takesBack(story)
    story.wait(1)
    asked.done(standing(terms))
    return story.turn({ open: true })
  }
  story.at(until - apartMs - Math.round(random() * 5_000))
  const { update, asked } = asks()
  const answer = () => asked.done(standing(terms))
  switch (order) {
    case 'before':
      story.at(until - Math.abs(near()) - 1)
      answer()
      story.turn().shows()
      update.answers({ until: until + hour, sentence: '' })
      timer.cancelled()
      story.timer(hour)
      return story.at(until + Math.abs(near())).hears('seen', { key, number: 1, what: 'busy', at: until, evidence: 'cpu' }).turn({ open: true })
    case 'after':
      story.at(until + Math.abs(near()))
      timer.fires()
      story.turn()
      takesBack(story)
      story.wait(Math.abs(near()))
      answer()
      return story.turn({ open: true })
    case 'answer, timer':
      story.at(until + near())
      answer()
      timer.fires()
      return story.at(until + near()).turn({ open: true })
    case 'timer, answer':
      story.at(until + near())
      timer.fires()
      answer()
      return story.at(until + near()).turn({ open: true })
    default: return order satisfies never
  }
}

function takesBack(story: Story): void {
  story.activity('removeContainer')
  story.activity('releaseName')
}

export interface Outcome {
  readonly renewed: boolean
  readonly removed: boolean
  readonly refused: boolean
}

const outcome = (seen: readonly Seen[]): Outcome => {
  const has = (what: string) => seen.some((one) => one[0] === what)
  return { renewed: has('extend answered'), removed: has('removeContainer') || has('releaseName'), refused: has('extend refused') }
}

/** Plays so many, of every order; answers with the outcomes by order. */
export async function playRenewals(count: number, seed: number): Promise<Record<Order, Outcome[]>> {
  const random = seeded(seed), plan = Array.from({ length: count }, (_, at) => orders[at % orders.length]!)
  const found: Record<Order, Outcome[]> = { before: [], after: [], 'answer, timer': [], 'timer, answer': [], 'asked with it': [] }
  for (let at = 0; at < count; at += 500) { // a chunk at a time: histories are large
    const chunk = plan.slice(at, at + 500), seen = await told(chunk.map((order) => renewal(order, random)))
    chunk.forEach((order, i) => found[order].push(outcome(seen[i]!)))
  }
  return found
}
