/** An enforcing sweep among things that are not ours, some with forged labels. */
import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { containerLabels, containerName } from '../../activities/docker/labels.ts'
import { createMarks } from '../../activities/mark.ts'
import { createRfc2136Names } from '../../activities/rfc2136/names.ts'
import { addressesOf, textsOf } from '../../worker/demo/look.ts'
import { call } from '../../worker/embedded/dockerd/api.ts'
import { toolsImage } from '../../worker/embedded/image.ts'
import { inTurns, settle, takeLeave } from './crowd.ts'
import { type Stage, disposable, looksOften, stage, sweepNow } from './stage.ts'
import { type Trial, type Trying, exactly, none } from './trial.ts'

export const foreign: Trial = {
  name: 'foreign',
  promise: 'enforce-sweep among 1,000 foreign containers and 1,000 foreign records, some with forged labels: 0 touched',
  run: (it) => amongForeign(it, it.quick ? 40 : 1_000),
}

export async function amongForeign(it: Trying, count: number): Promise<void> {
  await using berth = disposable(await stage(it, { policy: { clocks: looksOften } }))
  await berth.begin()
  const client = berth.client(), leases = await settle(berth, { count: 4 }), ids: string[] = [], labels: string[] = []
  const zone = { server: { host: berth.nameserver.address, port: berth.nameserver.port }, key: { name: berth.updateKey.name, algorithm: 'hmac-sha256' as const, secret: Buffer.from(berth.updateKey.secret, 'base64') } }
  const forged = createMarks({ instance: berth.instance, secret: randomBytes(32) }), other = createMarks({ instance: 'other', secret: randomBytes(32) })
  const records = [forged, other].map((marks) => createRfc2136Names({ zones: { [berth.zone]: zone }, marks }))
  try {
    await inTurns(Array.from({ length: count }, (_, at) => at), async (at) => {
      const key = `foreign${String(at).padStart(13, '0')}`, marks = at % 2 === 0 ? forged : other
      ids.push(await createContainer(berth, at, { key, marks }))
      await records[at % 2]!.claim({ zone: berth.zone, label: `foreign-${at}`, key, number: 1, address: '127.0.0.9', ports: [], ttlMs: 1_000 })
      labels.push(`foreign-${at}.${berth.zone}`)
    }, 8)
    await pause(1_500) // older than what a sweep leaves alone
    // One of ours is left over as well, so that the sweep has something to do.
    const [lost, ...kept] = leases
    await client.workflow.getHandle(lost!.leaseId).terminate('left over')
    await pause(2_500)
    const first = await sweepNow(client), swept = first.asks ? await sweepNow(client, { yesRemove: first.asks.remove }) : first
    it.tell(exactly('foreign.ours_removed', swept.removed > 0 ? 1 : 0, 1, `${first.sentence} Then: ${swept.sentence}`))
    it.tell(none('foreign.containers_touched', await changed(ids, (id) => isUntouched(berth, id)), `of ${count}, half of them with forged labels of ours`))
    it.tell(none('foreign.records_touched', await changed(labels, async (name) =>
      (await addressesOf(berth.nameserver, name))[0] === '127.0.0.9' && (await textsOf(berth.nameserver, name)).length === 1), `of ${count}, half of them with forged owners`))
    await takeLeave(berth, kept)
  } finally {
    await inTurns(ids, (id) => call(berth.socket, 'DELETE', `/containers/${id}?force=1`))
    await Promise.all(records.map((one) => one.close()))
  }
  await berth.account('foreign', { withinMs: 120_000 })
}

/** Created, never started; every fourth has nothing that looks like ours. */
async function createContainer({ socket, host }: Stage, at: number, { key, marks }: { key: string; marks: ReturnType<typeof createMarks> }): Promise<string> {
  const order = { key, number: 1, member: 'mika', hostPorts: [], spec: { image: 'tools', reference: toolsImage, cpu: 0.1, memory: 2 ** 25, ports: [] } }
  const Labels = at % 4 === 3 ? {} : containerLabels(marks, host.name, order)
  const name = at % 4 === 3 ? `foreign-${process.pid}-${at}` : containerName(marks, order)
  const { status, body } = await call(socket, 'POST', `/containers/create?name=${name}`, { json: { Image: toolsImage, Cmd: ['true'], Labels } })
  if (status !== 201) throw new Error(`No foreign container: ${status} ${body}`)
  return (JSON.parse(body) as { Id: string }).Id
}

const isUntouched = async ({ socket }: Stage, id: string): Promise<boolean> => {
  const { status, body } = await call(socket, 'GET', `/containers/${id}/json`)
  return status === 200 && (JSON.parse(body) as { State: { Status: string } }).State.Status === 'created'
}

async function changed(all: readonly string[], same: (one: string) => Promise<boolean>): Promise<string[]> {
  const found: string[] = []
  await inTurns(all, async (one) => { if (!await same(one)) found.push(one) })
  return found
}
