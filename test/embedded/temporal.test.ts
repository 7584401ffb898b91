import { afterEach, expect, test } from 'vitest'
import { spawn } from 'node:child_process'
import { Connection } from '@temporalio/client'
import { startTemporal, type EmbeddedTemporal, type TemporalOptions } from '../../worker/embedded/temporal/start.ts'
import { prepareNamespace } from '../../worker/namespace.ts'
import { folder, listens, lives, processesWith, until } from './folder.ts'

const cleanUps: (() => Promise<unknown>)[] = []
afterEach(async () => { for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp() })

async function started(options: Omit<TemporalOptions, 'dir'> = {}): Promise<EmbeddedTemporal & { dir: string }> {
  const { dir, remove } = await folder()
  cleanUps.push(remove)
  const it = await startTemporal({ dir, ...options })
  cleanUps.push(() => it.kill())
  return Object.assign(Object.create(it) as EmbeddedTemporal, { dir })
}

async function connected<T>(address: string, act: (connection: Connection) => Promise<T>): Promise<T> {
  const connection = await Connection.connect({ address })
  try {
    return await act(connection)
  } finally {
    await connection.close()
  }
}

const portOf = (address: string) => Number(address.split(':')[1])

test('the server shows its UI when asked, and leaves neither process nor port when it is stopped', async () => {
  const it = await started({ ui: true })
  expect((await fetch(it.uiUrl!)).status).toBe(200)
  await it.stop()
  expect([lives(it.pid), await listens(portOf(it.address)), await listens(portOf(new URL(it.uiUrl!).host))]).toEqual([false, false, false])
  expect(processesWith(it.dir)).toEqual([])
})

test('the server never joins one that the environment names', async () => {
  process.env['TEMPORAL_ADDRESS'] = '127.0.0.1:1'
  process.env['TEMPORAL_NAMESPACE'] = 'elsewhere'
  cleanUps.push(async () => {
    delete process.env['TEMPORAL_ADDRESS']
    delete process.env['TEMPORAL_NAMESPACE']
  })
  const it = await started()
  expect(it.address).not.toBe('127.0.0.1:1')
  expect(await connected(it.address, ({ workflowService }) => workflowService.getSystemInfo({}))).toBeTruthy()
})

test('killed and started again, the server is at its old address with what it knew', async () => {
  const it = await started()
  await connected(it.address, (connection) => prepareNamespace(connection, { namespace: 'kept', instance: 'one' }))
  await it.kill()
  await it.start()
  const kept = connected(it.address, (connection) => prepareNamespace(connection, { namespace: 'kept', instance: 'two' }))
  await expect(kept).rejects.toThrow(/belongs to the Berth instance one/)
})

test('two servers at once are two', async () => {
  const [one, other] = await Promise.all([started(), started()])
  expect(one!.address).not.toBe(other!.address)
})

test('the server dies with a process that is killed with -9', async () => {
  const { dir, remove } = await folder()
  cleanUps.push(remove)
  const owner = spawn(process.execPath, ['--input-type=module', '-e', `
    import { startTemporal } from '${new URL('../../worker/embedded/temporal/start.ts', import.meta.url).href}'
    console.log((await startTemporal({ dir: '${dir}' })).pid)
    setInterval(() => {}, 1000)`], { stdio: ['ignore', 'pipe', 'inherit'] })
  cleanUps.push(async () => owner.kill('SIGKILL'))
  const pid = await new Promise<number>((done) => owner.stdout.once('data', (chunk) => done(Number(String(chunk)))))
  expect(lives(pid)).toBe(true)
  owner.kill('SIGKILL')
  await until('the server is gone', () => !lives(pid))
  expect(lives(pid)).toBe(false)
})
