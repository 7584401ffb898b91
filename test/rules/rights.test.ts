import { describe, expect, test } from 'vitest'
import { judge } from '../../workflows/account/rights.ts'
import { defaultClocks as clocks } from '../../workflows/rules/clocks.ts'
import type { Standing } from '../../workflows/steps.ts'
import { generous } from '../workflows/terms.ts'

const here: Standing = { is: 'member', uid: 'mika', uuid: 'u1', entitlement: generous, clocks }
const gone: Standing = { is: 'nobody', sentence: 'There is nobody called mika.', clocks }
const other: Standing = { ...here, uuid: 'u2' }
const doubt = { since: 1000, sentence: 'x' }

describe('what a re-check decides', () => {
  test.each([
    ['still a member', { uuid: 'u1' }, here, 2000, 'fine'],
    ['absent for the first time', { uuid: 'u1' }, gone, 2000, 'doubted'],
    ['absent again too soon', { uuid: 'u1', losing: doubt }, gone, 1000 + clocks.recheckApartMs - 1, 'doubted'],
    ['absent twice, apart', { uuid: 'u1', losing: doubt }, gone, 1000 + clocks.recheckApartMs, 'lost'],
    ['absent while the grace runs', { uuid: 'u1', losing: { ...doubt, due: 9e9 } }, gone, 5e9, 'losing'],
    ['back after a doubt', { uuid: 'u1', losing: doubt }, here, 2000, 'back'],
    ['back while the grace runs', { uuid: 'u1', losing: { ...doubt, due: 9e9 } }, here, 2000, 'back'],
    ['another person under the old name', { uuid: 'u1' }, other, 2000, 'doubted'],
  ] as const)('%s', (_, books, standing, now, verdict) => {
    expect(judge({ ...books, clocks }, standing, now).is).toBe(verdict)
  })
})
