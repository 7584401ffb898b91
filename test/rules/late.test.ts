import { expect, test } from 'vitest'
import { defaultClocks } from '../../workflows/rules/clocks.ts'
import { mayRun } from '../../workflows/rules/late.ts'
import type { Counted } from '../../workflows/sweep/terms.ts'

const now = 1_000 * 60_000, lately = now - defaultClocks.hostSilentMs, longAgo = lately - 1
const counted = (heard: number | undefined, over: Partial<Counted> = {}): Counted =>
  ({ sites: [{ site: 'campus', hosts: [{ host: 'h1', keys: [], ...(heard !== undefined && { heard }) }] }], silent: [], ...over })
const never = counted(now, { sites: [{ site: 'campus', hosts: [] }] })

test.each<[string, Counted | undefined, boolean]>([
  ['whose site heard it lately', counted(lately), true],
  ['whose site has not heard it for long', counted(longAgo), false],
  ['whose site does not say when', counted(undefined), true],
  ['that one of two sites heard lately', { sites: [...counted(longAgo).sites, ...counted(now).sites], silent: [] }, true],
  ['that every site has never heard', never, false],
  ['that no site has heard, while one did not tell', { ...never, silent: ['annex did not tell its places'] }, true],
  ['while the sites could not be asked', undefined, true],
])('a late host %s', (_, told, runs) => expect(mayRun('h1', told, now)).toBe(runs))
