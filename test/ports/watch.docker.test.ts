import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createPulse } from '../../activities/idle/pulse.ts'
import { reserved } from '../../activities/labels.ts'
import type { Living, StartOrder } from '../../workflows/ports.ts'
import { type IdleRule, type PulseRecord, type Verdict, decideIdleness, signalsOf, takeBeat, takePeers, wantsPeers } from '../../workflows/rules/idleness.ts'
import { freePort, openLab, shell, web, type Lab } from './docker/lab.ts'
import { newOrder, signs } from './runtime.suite.ts'

let lab: Lab
beforeAll(() => {
  lab = openLab()
})
afterAll(() => lab.close())

const pulse = createPulse()
const quietMs = 2_000
/** Reads a container as the watch does, until the verdict is as said or the time is over; answers with the last one. */
async function feel(living: Living, until: Verdict['is'], withinMs = 20_000): Promise<Verdict> {
  let record: PulseRecord | undefined, verdict: Verdict
  const deadline = Date.now() + withinMs
  do {
    await new Promise((done) => setTimeout(done, 300))
    const rule: IdleRule = { now: Date.now(), cpuShare: 0.01, quietMs, gapMs: 10_000 }, beat = await pulse.beat(living)
    if (beat === 'gone') throw new Error('it is gone')
    record = takeBeat(record, beat, rule)
    if (wantsPeers(record, rule)) record = takePeers(record, await pulse.peers(living))
    verdict = decideIdleness(signalsOf(record, rule), rule.now)
  } while (verdict.is !== until && Date.now() < deadline)
  return verdict
}
/** Longer than what counts as quiet: whatever is only "busy" for having just been met is idle by then. */
const stays = (living: Living) => feel(living, 'idle', 3 * quietMs)

async function begin(spec: Parameters<typeof newOrder>[0], cpu = 0.25): Promise<StartOrder & Living> {
  const plain = newOrder(spec, spec.ports.length > 0 ? [await freePort()] : [])
  const order = { ...plain, spec: { ...plain.spec, cpu } }
  return { ...order, ...await lab.runtime.start(order, signs()) }
}

describe('a container is found', () => {
  it('idle when it only waits for visitors', async () => {
    const verdict = await feel(await begin(web), 'idle')
    expect(verdict.sentence).toMatch(/^idle for .*: cpu 0(\.\d)? % \(under 1 %\), nothing sent for .*, no terminal$/)
  })

  it('busy when it computes silently', async () => {
    expect((await stays(await begin(shell('while :; do :; done')))).sentence).toMatch(/^in use: cpu \d+ %/)
  })

  it('busy when it only talks on the network', async () => {
    const it = await begin(shell('httpd -f -p 80', [80])), one = setInterval(() => void fetch(`http://127.0.0.1:${it.hostPorts[0]}/`).catch(() => undefined), 400)
    try {
      expect((await stays(it)).sentence).toMatch(/^in use: .*sent something/)
    } finally {
      clearInterval(one)
    }
    expect((await feel(it, 'idle')).is).toBe('idle')
  })

  it('idle beside a visitor who is connected and silent, by the age of the last byte', async () => {
    const it = await begin(shell('nc -ll -p 80 -e /bin/sleep 1000', [80]))
    const visitor = connect(it.hostPorts[0]!, '127.0.0.1')
    try {
      await new Promise((done) => visitor.once('connect', done))
      const verdict = await feel(it, 'idle')
      expect(verdict.is).toBe('idle')
      const { count } = await pulse.peers(it)
      expect(count).toBe(1)
      expect(verdict.sentence).toMatch(/no byte from a connected peer for/)
    } finally {
      visitor.destroy()
    }
  })

  it('busy with somebody at a terminal, idle when they have left', async () => {
    const it = await begin(shell('sleep 1000'))
    const exec = await lab.docker.getContainer(it.id).exec({ Cmd: ['/bin/sh'], AttachStdin: true, AttachStdout: true, AttachStderr: true, Tty: true })
    const terminal = await exec.start({ hijack: true, stdin: true, Tty: true })
    terminal.on('error', () => undefined).resume()
    const typing = setInterval(() => terminal.write('true\n'), 500)
    try {
      expect((await stays(it)).sentence).toMatch(/^in use: .*a terminal used/)
    } finally {
      clearInterval(typing)
    }
    terminal.write('exit\n')
    const left = await feel(it, 'idle')
    expect(left.sentence).toMatch(/no terminal$/)
  })

  it('gone when its process is another\'s, or was restarted', async () => {
    const it = await begin(web)
    expect(await pulse.beat({ id: it.id, pid: process.pid })).toEqual(expect.not.objectContaining({ cpuMs: expect.anything() as unknown }))
    await lab.docker.getContainer(it.id).restart({ t: 0 })
    expect(await pulse.beat(it)).toBe('gone')
  })
})

describe('a listing for the watch', () => {
  it('shows state, ports and the share of cpu that counts as idle, and nothing of others', async () => {
    const port = await freePort(), plain = newOrder(web, [port]), order = { ...plain, cpuShare: 0.05 }
    const { id } = await lab.runtime.start(order, signs())
    const of = async () => (await lab.runtime.eyes.glimpse()).find((one) => one.id === id)
    expect(await of()).toMatchObject({ key: order.key, number: order.number, state: 'running', running: true, hostPorts: [port], published: [port], cpuShare: 0.05 })
    await lab.docker.getContainer(id).kill()
    await expect.poll(of).toMatchObject({ state: 'stopped', running: false })
    expect(await of()).not.toHaveProperty('published')
    const forged = await lab.docker.createContainer({ Image: web.reference, Labels: { [reserved.instance]: lab.instance, [reserved.kind]: 'lease', [reserved.key]: 'k', [reserved.number]: '1' } })
    expect((await lab.runtime.eyes.glimpse()).some((one) => one.id === forged.id)).toBe(false)
  })

  it('is hinted at by the engine\'s events, until it is not wanted any more', async () => {
    const order = newOrder(shell('sleep 1000'), []), { id } = await lab.runtime.start(order, signs())
    const end = new AbortController()
    let hints = 0
    const heard = lab.runtime.eyes.hints(() => { hints++ }, end.signal)
    const again = setInterval(() => void lab.docker.getContainer(id).restart({ t: 0 }).catch(() => undefined), 1_000) // the stream may open late
    await expect.poll(() => hints, { timeout: 20_000 }).toBeGreaterThan(0)
    clearInterval(again)
    end.abort()
    await heard
  })
})
