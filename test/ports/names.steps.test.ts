import { expect, it } from 'vitest'
import { memoryNames } from '../../activities/memory/names.ts'
import { createNameSteps } from '../../activities/steps/names.ts'
import { refusalIn } from '../../workflows/refuse.ts'
import { newRecords } from './names.suite.ts'

const zone = 'site1.lease.test'
const failure = (promise: Promise<unknown>): Promise<unknown> => promise.then(() => undefined, (error: unknown) => error)

it('a taken name is a refusal with the next step', async () => {
  const names = memoryNames(), records = newRecords(zone)
  names.plant(records.label, zone)
  expect(refusalIn(await failure(createNameSteps({ names }).claimName(records)))).toEqual({
    kind: 'nameTaken', sentence: `The name ${records.label}.${zone} is taken. Ask again with another --name.`,
  })
})

it('a name that DNS cannot hold is refused, and counts as released', async () => {
  const steps = createNameSteps({ names: memoryNames() }), records = newRecords(zone, { label: 'ä' })
  expect(refusalIn(await failure(steps.claimName(records)))?.kind).toBe('badName')
  await expect(steps.releaseName(records)).resolves.toBeUndefined()
})

it('any other trouble is retried and says what went wrong', async () => {
  const names = memoryNames(), steps = createNameSteps({ names }), records = newRecords(zone)
  names.faults.down = true
  for (const step of [() => steps.claimName(records), () => steps.releaseName(records), () => steps.listNames(zone)]) {
    expect(await failure(step())).toMatchObject({ type: 'Unavailable', nonRetryable: false, message: expect.stringContaining('The nameserver does not answer.') })
  }
})

it('a release returns only when the name is proven absent', async () => {
  const names = memoryNames(), records = newRecords(zone)
  await names.claim(records)
  const deaf = createNameSteps({ names: { ...names, release: async () => {} } })
  expect(await failure(deaf.releaseName(records))).toMatchObject({ type: 'Unavailable', message: expect.stringContaining('still there') })
  await createNameSteps({ names }).releaseName(records)
  expect(await names.isClaimed(records)).toBe(false)
})
