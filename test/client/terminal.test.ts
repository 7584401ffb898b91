import { EventEmitter } from 'node:events'
import { expect, test } from 'vitest'
import { askFor, type Keyboard } from '../../client/terminal/password.ts'
import { liveSteps, plainSteps } from '../../client/terminal/steps.ts'
import { leaseStatus } from './fake.ts'

const raw: boolean[] = []
function keyboard(typed: string): Keyboard {
  const keys = new EventEmitter()
  return Object.assign(keys, {
    isTTY: true, setRawMode: (on: boolean) => raw.push(on), pause: () => undefined,
    resume: () => queueMicrotask(() => keys.emit('data', Buffer.from(typed))),
  }) as unknown as Keyboard
}

test('a password is asked for without showing it, and may be corrected', async () => {
  let shown = ''
  const password = await askFor('Password: ', { keyboard: keyboard('secrexx\u007f\u007fé t\r'), write: (text) => { shown += text }, show: false })
  expect(password).toBe('secreé t')
  expect(shown).toBe('Password: \n')
  expect(raw).toEqual([true, false])
})

test('Ctrl-C gives up and leaves the terminal as it was', async () => {
  await expect(askFor('', { keyboard: keyboard('abc\u0003'), write: () => undefined, show: false })).rejects.toThrow('gave up')
  expect(raw.at(-1)).toBe(false)
})

test('steps are redrawn in place in a terminal, and cannot steer it', () => {
  let shown = ''
  const steps = liveSteps({ write: (text) => { shown += text }, columns: 40 })
  steps.show({ event: 'status', data: leaseStatus({ phase: 'waiting' }) })
  steps.show({ event: 'step', data: { at: 0, what: `evil \u001b[2J${'x'.repeat(90)}` } })
  steps.show({ event: 'status', data: leaseStatus({ phase: 'ready' }) })
  expect(shown.split('\n')[0]).toBe('▸ web waits for a place')
  expect(shown).not.toContain('\u001b[2J')
  expect(shown.match(/\u001b\[1A\u001b\[2K/g)).toHaveLength(2)
  expect(shown.endsWith('▸ web is ready\n')).toBe(true)
  expect(steps.last?.phase).toBe('ready')
})

test('in a pipe a state is written once', () => {
  let shown = ''
  const steps = plainSteps({ write: (text) => { shown += text }, columns: undefined })
  for (let n = 0; n < 3; n++) steps.show({ event: 'status', data: leaseStatus({ phase: 'waiting' }) })
  expect(shown).toBe('web waits for a place\n')
})
