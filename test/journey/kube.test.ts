/** `berth kube` from the line to kubectl, and its end: by the member's word, with the last lease, and with a lost right. */
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { Payload } from '@temporalio/common'
import { PayloadBox } from '../../worker/keys/codec.ts'
import { readKeyring } from '../../worker/keys/keyring.ts'
import type { RoleProcess } from '../../worker/demo/process.ts'
import { lacks } from '../kubernetes/lacks.ts'
import { sharedCluster } from '../kubernetes/shared.ts'
import type { Use } from '../kubernetes/use.ts'
import { asBerth } from '../ports/kubernetes/berth.ts'
import { type Hands, handsOf } from '../ports/kubernetes/hands.ts'
import { type Journey, journey } from './berth.ts'

const skipped = lacks('node')
let it: Journey, cluster: Use, roles: RoleProcess[]
const secrets: string[] = [], opened: Hands[] = []
beforeAll(async () => {
  if (skipped) return
  cluster = await sharedCluster('node')
  // The host role has no more rights than the manifest gives.
  const kubeconfig = await asBerth(cluster)
  it = await journey({ cluster: { kubeconfig }, policy: { clocks: { recheckApart: '1s', recheck: '1h' }, defaults: { grace: '5m' } } })
  roles = await Promise.all([it.start(['core', 'gateway']), it.start(['host'], { change: it.onCluster! })])
  await Promise.all(['mika', 'noor', 'ada'].map((uid) => it.login(uid)))
})
afterEach(() => { for (const hands of opened.splice(0)) hands.close() })
afterAll(async () => await it?.stop())

async function lent(member: string, name: string): Promise<void> {
  const { code, out, err } = await it.as(member, 'lend', 'web', '--name', name, '--on', 'kubernetes')
  expect(code, out + err).toBe(0)
}

/** What the line wrote, in somebody's hands; the token in use, a command and a connection left open. */
async function reached(member: string, name: string) {
  const { code, out, err } = await it.as(member, 'kube', name)
  expect(code, err).toBe(0)
  const [, file] = /^export KUBECONFIG=(\S+)$/m.exec(out)!, hands = handsOf(file!, cluster.kube)
  opened.push(hands)
  secrets.push(...hands.secrets)
  const pod = (await hands.kubectl('get', 'pods', '-o', 'name')).trim(), namespace = await hands.kubectl('config', 'view', '--minify', '-o', 'jsonpath={..namespace}')
  expect(await hands.kubectl('exec', pod, '--', 'cat', '/www/index.html')).toContain('Hello from Berth')
  const exec = await hands.exec(pod), forward = await hands.forward(pod, 80), refused = hands.untilRefused(`/api/v1/namespaces/${namespace}/pods`), silent = forward.untilSilent()
  return { out, hands, file: file!, async ended() {
    const ends = await Promise.all([refused, exec.closed, silent])
    await forward.closed
    return ends.map((at) => performance.timeOrigin + at)
  } }
}
/** All of it within 2 s of this moment. */
const expectInTime = (ends: readonly number[], since: number) => expect(ends.map((at) => at - since < 2000), ends.map((at) => Math.round(at - since)).join()).toEqual([true, true, true])

test.skipIf(skipped)('a line writes a kubeconfig, and another one ends it', async () => {
  await lent('mika', 'page')
  const { out, ended, hands, file } = await reached('mika', 'page')
  expect(out).toMatch(/^page, and all that you have on its cluster, is open to kubectl until /)
  expect(file).toMatch(/\/config\/berth\/kube-campus\.yaml$/)
  const answer = await it.as('mika', 'kube', '--revoke'), told = Date.now()
  expect(answer).toEqual({ code: 0, out: 'One kubeconfig has ended; a container was started afresh, for nothing else closes what was open.\n', err: '' })
  expectInTime(await ended(), told)
  await expect(hands.kubectl('get', 'pods')).rejects.toThrow()
  const { phase, notices, timeline } = await it.status('mika', 'page')
  expect(phase).toBe('ready')
  expect(notices.at(-1)?.sentence).toContain('without its files')
  expect(timeline.map(({ what }) => what).filter((what) => what.includes('kubeconfig'))).toHaveLength(2)
})

test.skipIf(skipped)('it ends with the last lease there, and before its pod does', async () => {
  const { ended } = await reached('mika', 'page')
  // Its other pod, of before, was Berth's own doing.
  expect((await it.status('mika', 'page')).notices.map(({ sentence }) => sentence).filter((sentence) => sentence.includes('took its container away'))).toEqual([])
  expect((await it.as('mika', 'return', 'page')).code).toBe(0)
  const told = Date.now()
  expectInTime(await ended(), told)
})

test.skipIf(skipped)('it ends with a lost right, at once, while its leases have a grace', async () => {
  await lent('noor', 'last')
  const { ended } = await reached('noor', 'last'), { leaseId } = await it.status('noor', 'last')
  await it.slapd.apply(`dn: ${it.slapd.personDn('noor')}\nchangetype: delete\n`)
  expect((await it.as('ada', 'admin', 'recheck', 'noor')).code).toBe(0)
  const ends = await ended(), { timeline, phase } = await it.status('ada', leaseId.split('.').at(-1)!)
  expectInTime(ends, timeline.find(({ what }) => what.startsWith('loses its right'))!.at)
  expect(phase).toBe('ready')
})

test.skipIf(skipped)('no log line and no history has ever held the token, the cluster\'s address or its certificate', async () => {
  expect(secrets.length).toBeGreaterThan(0)
  const logs = roles.map((role) => role.log()), histories = await allHistories()
  expect(histories).toContain('sealed')
  for (const [at, text] of [...logs, histories].entries()) {
    expect(secrets.filter((secret) => text.includes(secret)).length, `place ${at}`).toBe(0)
  }
})

/** Everything that any story holds, opened with Berth's own key. */
async function allHistories(): Promise<string> {
  const box = new PayloadBox(readKeyring(join(it.configuration.keys.payloads))), found: Payload[] = [], { workflow } = it.client()
  const collect = (value: unknown): void => {
    if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return
    if ('metadata' in value && 'data' in value && value.data) found.push(value as Payload)
    else Object.values(value).forEach(collect)
  }
  for await (const { workflowId, runId } of workflow.list()) collect((await workflow.getHandle(workflowId, runId).fetchHistory()).events)
  expect(found.length).toBeGreaterThan(50)
  return (await box.decode(found)).map(({ data }) => Buffer.from(data ?? []).toString()).join('\n')
}
