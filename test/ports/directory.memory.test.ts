import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { memoryDirectory } from '../../activities/memory/directory.ts'
import { DirectoryUnavailable } from '../../workflows/ports.ts'
import { canary, describeDirectory, people } from './directory.suite.ts'

describeDirectory('memory', async () => {
  const directory = memoryDirectory({ people, canary, deadlineMs: 200 })
  return {
    directory,
    cause: async (trouble) => {
      directory.slowMs = trouble === 'slow' ? 60_000 : 0
      directory.trouble = trouble === 'none' || trouble === 'slow' ? undefined : trouble
    },
    replace: async (uid) => directory.put({ uid, groups: [], uuid: randomUUID() }),
    stop: async () => {},
  }
})

test('a memory directory that answers nonsense is unavailable', async () => {
  const directory = memoryDirectory({ people, canary })
  directory.trouble = 'wrong'
  await expect(directory.find('mika')).rejects.toBeInstanceOf(DirectoryUnavailable)
  expect(directory.asked).toBe(1)
})
