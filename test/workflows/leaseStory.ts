/** The beginning of a lease as a history that is written by hand: asked for, placed, started, named, ready. */
import { defaultClocks } from '../../workflows/rules/clocks.ts'
import type { LeaseInput } from '../../workflows/contract.ts'
import type { Standing } from '../../workflows/steps.ts'
import type { Entitlement, Place } from '../../workflows/terms.ts'
import { Story } from './story.ts'
import { campus, generous } from './terms.ts'

export const second = 1_000, minute = 60 * second, hour = 60 * minute, day = 24 * hour
const begin = Date.UTC(2026, 0, 1)

export const key = 'k'.repeat(20), by = { uid: 'mika' }
export const place: Place = { site: 'campus', host: 'h1', number: 1, address: '127.0.0.1', zone: 'campus.test', hostPorts: [21_000] }

export const leaseInput = (forMs: number, entitlement: Partial<Entitlement> = {}): LeaseInput => ({
  key, name: 'web', label: 'web-kkkkkk', member: 'mika', spec: { image: 'web', reference: 'web:1', cpu: 1, memory: 2 ** 28, ports: [80] },
  sites: [campus], forMs, asked: begin, entitlement: { ...generous, ...entitlement }, clocks: defaultClocks,
})

/** What `entitle` answers. */
export const standing = (entitlement: Partial<Entitlement> = {}): Standing =>
  ({ is: 'member', uid: 'mika', uuid: 'u', entitlement: { ...generous, ...entitlement }, clocks: defaultClocks })

/** Placed and started; nothing has heard yet that its steps are done. */
export function startedLease(input: LeaseInput) {
  const story = new Story('lease', input, begin)
  const longestWait = story.timer(input.entitlement.longestWaitMs), asked = story.says('place', 'site:campus')
  story.wait(10)
  asked.arrives()
  story.hears('placed', { key, place }).turn()
  const start = story.activity('startContainer'), claim = story.activity('claimName')
  story.wait(100)
  start.done({})
  claim.done()
  return { story, longestWait }
}

/** Ready and waiting; `timer` is armed for `firstMs`. */
export function readyLease(input: LeaseInput, firstMs: number) {
  const { story, longestWait } = startedLease(input)
  story.turn().shows()
  const timer = story.timer(firstMs), until = story.now + input.forMs
  longestWait.cancelled()
  return { story, timer, until }
}

/** What follows once it is over, to the last word. */
export function takenBack(story: Story): void {
  const remove = story.activity('removeContainer'), release = story.activity('releaseName')
  story.wait(50)
  remove.done([])
  release.done()
  const free = story.turn().says('free', 'site:campus'), last = story.says('leaseEnded', 'account:mika')
  free.arrives()
  last.arrives()
  story.turn().ends()
}
