import { expect, test } from 'vitest'
import { PullProgress } from '../../../activities/docker/progress.ts'

const line = (id: string, status: string, current?: number, total?: number) => JSON.stringify({ status, progressDetail: { current, total }, id })

test('a pull tells how many bytes of its layers are there, as the engine counts them', () => {
  const progress = new PullProgress()
  expect(progress.take('{"status":"Pulling from tiny","id":"1"}')).toBeUndefined()
  expect(progress.take(line('a', 'Pulling fs layer'))).toBeUndefined()
  expect(progress.take(line('a', 'Downloading', 10, 100))).toBe(10)
  expect(progress.take(line('b', 'Downloading', 0, 300))).toBe(2)
  expect(progress.take(line('b', 'Downloading', 190, 300))).toBe(50)
  expect(progress.take(line('a', 'Extracting', 5, 100))).toBe(50) // it is unpacking, which is no longer fetching
  expect(progress.take(line('a', 'Pull complete'))).toBe(72)
  expect(progress.take(line('b', 'Download complete'))).toBe(100)
  for (const odd of ['', '{', 'null', '[]', '{"id":5,"status":"Downloading"}', line('c', 'Downloading', 5, 0)]) expect(progress.take(odd)).toBe(100)
})
