/** Something is away: a sentence says what to do, no running lease ends, and the story goes on when it is back. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inject } from 'vitest'
import type { LeaseStatus } from '../../workflows/terms.ts'
import type { CliAnswer } from '../../worker/demo/cli.ts'
import { pageAt } from '../../worker/demo/look.ts'
import type { RoleProcess } from '../../worker/demo/process.ts'
import { type SocketDoor, socketDoor } from './away.ts'
import { eventually, type Journey, journey } from './berth.ts'

let it: Journey, engine: SocketDoor, roles: RoleProcess, kept: LeaseStatus
const dir = mkdtempSync(join(tmpdir(), 'berth-trouble-'))
beforeAll(async () => {
  engine = await socketDoor(join(dir, 'engine.sock'), inject('engine'))
  it = await journey({ ownTemporal: true, engine: engine.path })
  roles = await it.start()
  await it.login('mika')
  await lent('kept')
  kept = await it.status('mika', 'kept')
})
afterAll(async () => {
  await it?.stop()
  await engine?.stop()
  rmSync(dir, { recursive: true, force: true })
})

async function lent(name: string): Promise<void> {
  const { code, out, err } = await it.as('mika', 'lend', 'web', '--name', name)
  expect(code, out + err).toBe(0)
}

/** One sentence on stderr, of this exit code, without a stack. */
function expectSentence({ code, err }: CliAnswer, want: number): void {
  expect([code, err.trim().split('\n').length], err).toEqual([want, 1])
  expect(err).not.toMatch(/\n\s+at |Error:/)
  expect(err.trim()).toMatch(/[.!]$/)
}

/** The lease from before the trouble is as it was. */
async function expectKept(): Promise<void> {
  const { services, addresses } = await it.records(kept)
  expect(await pageAt(`http://${addresses[0]}:${services[0]!.port}/`)).toContain('Hello')
  expect(await it.status('mika', 'kept')).toMatchObject({ phase: 'ready', until: kept.until, place: kept.place })
}

async function returned(name: string): Promise<void> {
  const status = await it.status('mika', name)
  expect((await it.as('mika', 'return', name)).code).toBe(0)
  await eventually(`${name} is gone`, async () => {
    const { services, addresses } = await it.records(status)
    return services.length + addresses.length === 0 && (await it.containers()).length === 1
  })
}

test('a directory that hangs: try later, and nothing ends', async () => {
  it.slapd.freeze()
  try {
    expectSentence(await it.as('mika', 'lend', 'web', '--name', 'later'), 5)
    await expectKept()
  } finally {
    it.slapd.thaw()
  }
  await lent('later')
  await returned('later')
}, 90_000)

test('a nameserver that is killed: a lend waits for it, and nothing ends', async () => {
  await it.nameserver.kill()
  const lending = it.as('mika', 'lend', 'web', '--name', 'nameless')
  await eventually('its container runs', async () => (await it.containers()).length === 2)
  expect((await it.status('mika', 'nameless')).phase).toBe('starting')
  await it.nameserver.start()
  const { code, err } = await lending
  expect(code, err).toBe(0)
  await expectKept()
  await returned('nameless')
}, 90_000)

test('an engine that is away: a lend waits for it, and nothing ends', async () => {
  await engine.shut()
  const lending = it.as('mika', 'lend', 'web', '--name', 'waiting')
  await eventually('it has a place', async () => (await it.status('mika', 'waiting')).phase === 'starting')
  expectSentence(await it.as('mika', 'logs', 'kept'), 5)
  await engine.open()
  const { code, err } = await lending
  expect(code, err).toBe(0)
  await expectKept()
  await returned('waiting')
}, 90_000)

test('Temporal that is killed: try later, nothing ends, and what was lent is still there', async () => {
  await it.temporal.own!.kill()
  expectSentence(await it.as('mika', 'list'), 5)
  expectSentence(await it.as('mika', 'lend', 'web', '--name', 'again'), 5)
  await it.temporal.own!.start()
  await eventually('the gateway answers again', async () => (await it.as('mika', 'list')).code === 0)
  await expectKept()
  expect(roles.isAlive()).toBe(true)
  await lent('again')
  await returned('again')
}, 120_000)

test('a policy that is broken while it runs is refused, and the last good one is kept', async () => {
  renameSync(it.policyFile, `${it.policyFile}.good`)
  writeFileSync(it.policyFile, 'groups: [this, is, no, policy')
  await lent('undisturbed')
  await returned('undisturbed')
  renameSync(`${it.policyFile}.good`, it.policyFile)
}, 90_000)

test('without any good policy a role starts, refuses new lends with a sentence, and goes on with what is lent', async () => {
  await roles.stop()
  roles = await it.start(undefined, { change: { policy: join(dir, 'missing.yaml'), state: join(dir, 'state') } })
  expectSentence(await it.as('mika', 'lend', 'web', '--name', 'lawless'), 5)
  await expectKept()
  await roles.stop()
  roles = await it.start()
}, 90_000)

test('a host port that a foreign process holds is passed over', async () => {
  const [from, to] = it.configuration.host.ports
  const all = Array.from({ length: to - from + 1 }, (_, at) => from + at)
  const taken = createServer()
  const next = all.find((port) => port !== kept.endpoints[0]!.hostPort)!
  await new Promise<void>((done) => taken.listen(next, '127.0.0.1', done))
  try {
    await lent('elsewhere')
    expect((await it.status('mika', 'elsewhere')).endpoints[0]!.hostPort).not.toBe(next)
    await returned('elsewhere')
  } finally {
    taken.close()
  }
}, 90_000)
