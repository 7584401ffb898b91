import { describe, expect, test } from 'vitest'
import type { LeaseInput } from '../../workflows/contract.ts'
import { defaultClocks } from '../../workflows/rules/clocks.ts'
import { type LeaseWord, retell } from '../../workflows/rules/retell.ts'
import type { Place } from '../../workflows/terms.ts'
import { campus, generous } from '../workflows/terms.ts'

const input = (carried?: object): LeaseInput => ({
  key: 'k', name: 'web', label: 'web-k', member: 'mika', asked: 5, forMs: 1_000, entitlement: generous, clocks: defaultClocks, sites: [campus],
  spec: { image: 'web', reference: 'web:1', cpu: 2, memory: 4, ports: [80] }, ...(carried && { carried }),
} as unknown as LeaseInput)
const placeOf = (number: number, host = `h${number}`): Place => ({ site: 'campus', host, number, address: '127.0.0.1', zone: 'campus.test', hostPorts: [20_000 + number] })
const asked = (number: number): LeaseWord => ({ is: 'asked', site: 'campus', number })
const placed = (number: number): LeaseWord => ({ is: 'placed', place: placeOf(number) })
const freed = (number: number, paused?: true): LeaseWord => ({ is: 'freed', number, ...(paused && { paused }) })
const has = (number: number) => ({ number, host: `h${number}`, hostPorts: [20_000 + number] })

describe('a lease that is told from its words', () => {
  test.each<[string, LeaseWord[], object, string[]]>([
    ['that has only asked waits', [asked(1)], { number: 1, waiting: true, paused: false, site: 'campus' }, ['host', 'besides']],
    ['that was given a place has it', [asked(1), placed(1)], { ...has(1), paused: false }, ['waiting', 'besides']],
    ['that sleeps keeps it', [asked(1), placed(1), freed(1, true)], { ...has(1), paused: true }, ['waiting']],
    ['that is to wake up waits at its place', [asked(1), placed(1), freed(1, true), asked(1)], { ...has(1), paused: true, waiting: true }, ['besides']],
    ['that is awake again has it', [asked(1), placed(1), freed(1, true), asked(1), placed(1)], { ...has(1), paused: false }, ['waiting']],
    ['that has gone elsewhere has the newer one', [asked(1), placed(1), freed(1), asked(2), placed(2)], has(2), ['waiting', 'besides']],
    ['that is told of a place it has given back has none', [asked(1), freed(1), placed(1)], { number: 1 }, ['host', 'waiting']],
    ['that has asked elsewhere lives on', [asked(1), placed(1), asked(2)], { ...has(1), besides: [{ number: 2 }] }, ['waiting']],
    ['that has a second place has both', [asked(1), placed(1), asked(2), placed(2)], { ...has(2), besides: [has(1)] }, ['waiting']],
    ['that never fits has none', [asked(1), { is: 'unplaceable', number: 1 }], { number: 1 }, ['host', 'waiting']],
  ])('%s', (_, words, expected, absent) => {
    const lease = retell(input(), words)
    expect(lease).toMatchObject({ key: 'k', leaseId: 'lease:web.mika.k', member: 'mika', cpu: 2, memory: 4, ports: 1, asked: 5, ...expected })
    for (const field of absent) expect(lease).not.toHaveProperty(field)
  })

  test('goes on from what an earlier run has carried', () => {
    const carried = { siteAt: 0, number: 3, phase: 'ready', place: placeOf(3), readyAt: 9, leaving: [placeOf(2)], moving: { number: 4 } }
    expect(retell(input(carried), [])).toMatchObject({ ...has(3), besides: [has(2), { number: 4 }], lasts: { readyAt: 9 } })
    expect(retell(input(carried), [freed(2), placed(4), freed(3)])).toMatchObject(has(4))
    expect(retell(input({ ...carried, phase: 'paused', leaving: [], moving: undefined }), [])).toMatchObject({ ...has(3), paused: true })
  })
})
