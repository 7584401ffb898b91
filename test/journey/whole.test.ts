/** One lease from sign-in to sign-out, through the CLI as a program of its own, with every role in a process of its own. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js'
import { hostQueue } from '../../workflows/contract.ts'
import type { Ending, LeaseStatus, Notice } from '../../workflows/terms.ts'
import { listens, pageAt } from '../../worker/demo/look.ts'
import type { RoleProcess } from '../../worker/demo/process.ts'
import { eventually, type Journey, journey } from './berth.ts'

let it: Journey
const roles: RoleProcess[] = []
beforeAll(async () => {
  it = await journey({ nameserver: 'knot' })
  roles.push(...await Promise.all([it.start(['core']), it.start(['host']), it.start(['gateway'])]))
  await it.login('mika')
})
afterAll(() => it?.stop())

/** Serves what its environment holds. */
const serveEnv = 'mkdir -p /tmp/w && env > /tmp/w/index.html && echo serving && exec httpd -f -p 8080 -h /tmp/w'
const secret = 'kept-9f2c7e-to-itself'

test('a lease is lent, named, reached, extended and returned, and nothing of it is left', async () => {
  const { code, out } = await it.as('mika', 'lend', 'tools', '--name', 'env', '--port', '8080', '--env', `TOKEN=${secret}`,
    '--for', '1h', '--json', '--command', 'sh', '-c', serveEnv)
  const events = out.trim().split('\n').map((line) => JSON.parse(line) as { event: string; what?: string; phase?: string })
  expect(code, out).toBe(0)
  expect(events[0]).toMatchObject({ event: 'receipt', name: 'env', site: 'campus' })
  expect(events.some(({ what }) => what?.startsWith('has a place on'))).toBe(true)
  expect(events.at(-1)).toMatchObject({ event: 'end', phase: 'ready' })

  const status = await it.status('mika', 'env'), [endpoint] = status.endpoints
  expect(status).toMatchObject({ phase: 'ready', host: it.configuration.host.name })
  const { services, addresses } = await it.records(status)
  expect(services).toEqual([expect.objectContaining({ name: endpoint!.fqdn, port: endpoint!.hostPort })])
  expect(addresses).toEqual(['127.0.0.1'])
  const page = await pageAt(`http://${addresses[0]}:${services[0]!.port}/`)
  expect(page).toContain(`TOKEN=${secret}`)

  expect((await it.as('mika', 'logs', 'env')).out).toContain('serving')
  const { until } = await it.asked<{ until: number }>('mika', 'extend', 'env', '--by', '30m')
  expect(until).toBe(status.until! + 30 * 60_000)
  const { leases } = await it.asked<{ leases: LeaseStatus[] }>('mika', 'list')
  expect(leases.map(({ name, phase, until }) => [name, phase, until])).toEqual([['env', 'ready', until]])
  const { notices } = await it.asked<{ notices: Notice[] }>('mika', 'notices')
  expect(notices.map(({ kind }) => kind)).toContain('ready')

  expect((await it.as('mika', 'return', 'env')).code).toBe(0)
  await it.untilNothingIsLeft(status)
  expect(await listens('127.0.0.1', endpoint!.hostPort)).toBe(false)
  const over = await eventually('the account has heard', async () => {
    const { leases, over } = await it.asked<{ leases: unknown[]; over: Ending[] }>('mika', 'list', '--over')
    return leases.length === 0 && over.length > 0 && over
  })
  expect(over).toEqual([expect.objectContaining({ name: 'env', reason: 'returned' })])
  expect((await it.as('mika', 'logs', 'env')).out).toContain('serving')

  const history = JSON.stringify(historyToJSON(await it.client().workflow.getHandle(status.leaseId).fetchHistory()))
  for (const where of [history, ...roles.map((role) => role.log())]) expect(where).not.toContain(secret)
  // Nothing in clear, not only not the secret: the codec is on for all payloads.
  expect(history).not.toContain(Buffer.from('"image"').toString('base64').slice(0, -2))
  expect(history).toContain(Buffer.from('binary/berth-aes256gcm').toString('base64'))
})

test('the host takes its steps on a queue of its own', async () => {
  const workers = await it.client().connection.workflowService.describeTaskQueue({
    namespace: it.temporal.namespace, taskQueue: { name: hostQueue(it.configuration.host.name) }, taskQueueType: 2,
  })
  expect(workers.pollers?.length).toBeGreaterThan(0)
})

test('signing out ends the token, also where a copy of it is kept', async () => {
  await it.login('noor')
  const file = join(it.dir, 'home-noor/state/berth/tokens.json'), copy = readFileSync(file, 'utf8')
  const access = Object.values(JSON.parse(copy) as Record<string, { access: string }>)[0]!.access
  const ask = () => fetch(`${it.gateway}/v1/commands/list`, {
    method: 'POST', headers: { authorization: `Bearer ${access}`, 'content-type': 'application/json' }, body: '{}',
  })
  expect((await ask()).status).toBe(200)
  expect((await it.as('noor', 'logout')).code).toBe(0)
  expect((await ask()).status).toBe(401)
  expect((await it.as('noor', 'list')).code).toBe(6)
})

test('the CLI holds no Temporal credentials and no word of Temporal', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['--experimental-strip-types', '--input-type=module', '-e',
    `import { registerHooks } from 'node:module'
     registerHooks({ resolve(name, context, next) { if (name.startsWith('@temporalio')) throw new Error('it needs ' + name); return next(name, context) } })
     process.argv = ['node', 'berth', 'help']
     await import(${JSON.stringify(join(import.meta.dirname, '../../client/main.ts'))})`])
  expect(stdout).toContain('lend')
})
