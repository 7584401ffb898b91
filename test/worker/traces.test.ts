import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, inject, test } from 'vitest'
import { PolicyUnavailable } from '../../activities/policy/policy.ts'
import { createBerth, inMemory, type Berth } from '../../client/berth.ts'
import { sealsOf } from '../../worker/adapters.ts'
import { freePort } from '../../worker/embedded/port.ts'
import { startGateway } from '../../worker/gateway.ts'
import { startTraces, type TracesOptions } from '../../worker/traces.ts'
import { refuse } from '../../workflows/refuse.ts'
import { eventually, world, type WorldOptions } from '../workflows/harness.ts'

interface Span {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly status?: { readonly code: number; readonly message?: string }
}

/** Takes spans as an OTLP receiver over HTTP does. */
let receiver: Server, endpoint: string, bodies: string[], spans: Span[]
beforeEach(async () => {
  bodies = []
  spans = []
  receiver = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => {
      const body = Buffer.concat(chunks).toString()
      bodies.push(`${request.method} ${request.url} ${body}`)
      const { resourceSpans } = JSON.parse(body) as { resourceSpans: { scopeSpans: { spans: Span[] }[] }[] }
      spans.push(...resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans)))
      response.setHeader('content-type', 'application/json').end('{}')
    })
  })
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
  endpoint = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`
})
afterEach(() => new Promise<void>((resolve) => {
  receiver.close(() => resolve())
  receiver.closeAllConnections()
}))

interface Stage {
  readonly to?: Partial<TracesOptions>
  readonly world?: WorldOptions
}

/** A world that is traced, behind a gateway; all its spans are sent when it has ended. Answers with what does not replay without traces. */
async function traced(act: (berth: Berth) => Promise<void>, { to, world: options }: Stage = {}): Promise<string[]> {
  const traces = await startTraces({ endpoint, instance: 'test', ...to })
  const it = await world({ ...options, traces }), ring = it.context.payloads
  it.directory.put({ uid: 'mika', groups: ['all'], password: 'secret' })
  const gateway = await startGateway(it.context, {
    directory: it.directory, policy: { current: () => { throw new PolicyUnavailable('nobody is an admin') } }, seals: sealsOf(ring, ring),
    options: { listen: { host: '127.0.0.1', port: 0 }, log: () => undefined },
  })
  try {
    const berth = createBerth({ gateway: gateway.url, tokens: inMemory() })
    await berth.login('mika', 'secret')
    await act(berth)
    return await it.replay()
  } finally {
    await gateway.stop()
    await it.stop()
    await traces.stop()
  }
}

/** Lends, follows the steps until ready or over, and returns. */
async function lendAndReturn(berth: Berth): Promise<void> {
  const { key } = await berth.lend({ image: 'web', name: 'seen' })
  let phase = ''
  for await (const event of berth.events(key)) if (event.event === 'status') phase = event.data.phase
  expect(phase).toBe('ready')
  await berth.returnLease(key)
  await eventually(async () => (await berth.list({ over: true })).over.some((one) => one.key === key), 'it is over')
}

test('one trace leads from the gateway over account and lease to each step, and the stories replay without traces', async () => {
  expect(await traced(lendAndReturn)).toEqual([])
  expect(bodies.every((body) => body.startsWith('POST /v1/traces '))).toBe(true)
  const root = spans.filter(({ name }) => name === 'HandleUpdate:lend').map(({ parentSpanId }) => spans.find(({ spanId }) => spanId === parentSpanId))[0]
  expect(root).toMatchObject({ name: expect.stringMatching(/^UpdateWithStartWorkflow/) as unknown })
  const trace = spans.filter(({ traceId }) => traceId === root!.traceId)
  const above = (name: string): string[] => {
    const path: string[] = []
    for (let at = trace.find((span) => span.name === name); at; at = trace.find(({ spanId }) => spanId === at!.parentSpanId)) path.push(at.name)
    return path
  }
  const lease = ['RunWorkflow:lease', 'HandleUpdate:lend', root!.name]
  expect(above('RunActivity:entitle')).toEqual(['RunActivity:entitle', 'HandleUpdate:lend', root!.name])
  for (const step of ['startContainer', 'claimName', 'removeContainer', 'releaseName']) expect(above(`RunActivity:${step}`)).toEqual([`RunActivity:${step}`, ...lease])
  expect(above('HandleSignal:place')).toEqual(['HandleSignal:place', ...lease])
  // Nobody is missing above anybody, and no two are the same.
  const ids = new Set(trace.map(({ spanId }) => spanId))
  expect(trace.filter(({ parentSpanId, name }) => (parentSpanId ? !ids.has(parentSpanId) : name !== root!.name))).toEqual([])
  expect(ids.size).toBe(trace.length)
  // To return it is a message of its own, and so is its trace.
  const release = spans.find(({ name }) => name === 'HandleUpdate:release')!
  expect(release.traceId).not.toBe(root!.traceId)
  expect(spans.filter(({ name }) => /query|describe/i.test(name))).toEqual([])
})

test('a span tells that something failed, and never what a container said', async () => {
  const words = 'token=hunter2'
  await traced(async (berth) => {
    const { key } = await berth.lend({ image: 'web', name: 'fails' })
    await eventually(async () => (await berth.list({ over: true })).over.some((one) => one.key === key && one.sentence.includes(words)), 'it is over')
  }, { world: { hostSteps: (steps) => ({ ...steps, startContainer: () => Promise.reject(refuse('exitedAtOnce', `It said: ${words}`)) }) } })
  const start = spans.find(({ name }) => name === 'RunActivity:startContainer')
  expect(start?.status?.code).toBe(2)
  expect(bodies.join('\n')).not.toContain(words)
})

test('a receiver that is away is told of once, and holds up nothing', async () => {
  const said: string[] = [], nobody = `http://127.0.0.1:${await freePort()}`
  expect(await traced(lendAndReturn, { to: { endpoint: nobody, warn: (message) => said.push(message) } })).toEqual([])
  expect(said).toEqual([expect.stringMatching(/^http:.*\/v1\/traces: spans are dropped until it takes them: /)])
})

test('a role whose installation has no packages for traces says so in one sentence', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'berth-traces-'))
  try {
    const hidden = 'import { registerHooks } from "node:module"; registerHooks({ resolve: (name, at, next) => next(name === "@temporalio/interceptors-opentelemetry" ? "@temporalio/not-there" : name, at) })'
    await writeFile(join(dir, 'berth.yaml'), `{ instance: test, roles: [host], state: ${dir}, keys: { payloads: p, marks: m, env: e }, host: { name: h1, site: s, address: 127.0.0.1, ports: [21000, 21001] }, traces: { endpoint: '${endpoint}' } }`)
    const child = spawn(process.execPath, ['--import', `data:text/javascript,${encodeURIComponent(hidden)}`, 'worker/main.ts'], {
      env: { PATH: process.env['PATH'], BERTH_CONFIG: join(dir, 'berth.yaml'), TEMPORAL_ADDRESS: inject('temporal') }, stdio: ['ignore', 'ignore', 'pipe'],
    })
    let said = ''
    child.stderr.on('data', (chunk: Buffer) => { said += chunk.toString() })
    const code = await new Promise((resolve) => child.on('close', resolve))
    expect(said.trim().split('\n')).toEqual([expect.stringMatching(/^The configuration asks for traces, and the package @temporalio\/not-there is not installed: npm ci brings it/)])
    expect(code).toBe(1)
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
})
