import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { connect, type Client } from '../../../activities/docker/client.ts'
import { CallLate, pause, within } from '../../../activities/deadline.ts'
import type { Engine } from '../../../activities/docker/engine.ts'
import { lines, pull } from '../../../activities/docker/pull.ts'
import { CannotRun } from '../../../workflows/ports.ts'
import { signs } from '../runtime.suite.ts'

/** An engine that does to each call what a test says. */
let answer: (request: IncomingMessage, response: ServerResponse) => void
let dir: string, server: Server, client: Client

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'berth-deaf-'))
  server = createServer((request, response) => answer(request, response))
  await new Promise<void>((done) => server.listen(join(dir, 's'), done))
  client = connect({ socketPath: join(dir, 's') })
})
afterEach(async () => {
  client.close()
  server.closeAllConnections()
  await new Promise((done) => server.close(done))
  await rm(dir, { recursive: true })
})

const look = (how: Parameters<Client['ask']>[2]) =>
  client.ask('show a container', (abortSignal) => client.docker.getContainer('x').inspect({ abortSignal }), how)

describe('a call to the engine', () => {
  it('ends at its deadline when nothing comes back', async () => {
    answer = () => {}
    await expect(look({ ms: 50 })).rejects.toThrow('The engine did not show a container within 0.05 s.')
  })

  it('ends at its deadline when the engine dies after its headers, where dockerode never settles', async () => {
    answer = (_, response) => {
      response.writeHead(200, { 'content-length': '100' })
      response.write('{', () => response.destroy())
    }
    await expect(look({ ms: 100 })).rejects.toBeInstanceOf(CallLate)
  })

  it('ends when nobody wants it any more, and hangs up', async () => {
    const nobody = new AbortController(), hungUp = new Promise<void>((done) => {
      answer = (request) => {
        request.socket.once('close', () => done())
        nobody.abort(new Error('Nobody wants it.'))
      }
    })
    await expect(look({ signal: nobody.signal })).rejects.toThrow('Nobody wants it.')
    await hungUp
  })

  it('says that what was known is in doubt when the engine is away', async () => {
    let forgotten = 0
    client.onLost(() => { forgotten++ })
    answer = (_, response) => void response.destroy()
    await expect(look({})).rejects.toThrow('The engine does not answer (socket hang up).')
    expect(forgotten).toBe(1)
    answer = (_, response) => void response.writeHead(404).end('{"message":"No such container: x"}')
    await expect(look({})).rejects.toMatchObject({ statusCode: 404 })
    expect(forgotten).toBe(1)
  })

  it('keeps its connection, and does not write that out for a debug line', async () => {
    const ports = new Set<unknown>()
    answer = (request, response) => {
      ports.add(request.socket)
      response.setHeader('content-type', 'application/json').end('{"State":{}}')
    }
    for (let i = 0; i < 5; i++) await look({})
    expect(ports.size).toBe(1)
    const { agent } = client.docker.modem as unknown as { agent: object }
    expect(inspect({ agent }, { showHidden: true, depth: null })).toBe('{ agent: Agent }')
  })
})

describe('waiting', () => {
  it('settles once, and leaves no listener behind', async () => {
    const { signal } = new AbortController()
    expect(await within({ ms: 1000, what: 'x', signal }, async () => 7)).toBe(7)
    await pause(1, signal)
    await expect(within({ ms: 1000, what: 'x', signal: AbortSignal.abort(new Error('no')) }, async () => 7)).rejects.toThrow('no')
    await expect(pause(1000, AbortSignal.abort(new Error('no')))).rejects.toThrow('no')
  })
})

describe('a pull', () => {
  const from = (pullSilenceMs = 5000) => pull({ client, pullSilenceMs } as Engine, 'registry.example/x:1', signs())
  const said = (...parts: string[]) => {
    answer = (_, response) => {
      response.writeHead(200)
      for (const part of parts) response.write(part)
      response.end()
    }
  }

  it('reads to the end, whatever lies in the stream', async () => {
    said('{"status":"Pulling"}\r\n{"stat', 'us":"Done"}\n', 'no json\n', '"text"\n', 'x'.repeat(200_000), '\n{}\n')
    await expect(from()).resolves.toBeUndefined()
  })

  it('believes a registry that has no such image, in a status or in the stream', async () => {
    said('{"status":"Pulling"}\n', '{"error":"manifest unknown: manifest unknown"}\n')
    await expect(from()).rejects.toMatchObject({ why: 'unknownImage' })
    answer = (_, response) => void response.writeHead(404).end('{"message":"pull access denied for x"}')
    await expect(from()).rejects.toBeInstanceOf(CannotRun)
  })

  it('lets everything else be tried again', async () => {
    said('{"error":"dial tcp: connection refused"}\n')
    await expect(from()).rejects.toThrow('The image registry.example/x:1 could not be pulled: dial tcp: connection refused')
    said('{"error":"write /layer: no space left on device"}\n')
    await expect(from()).rejects.toThrow('The engine\'s disk is full: an admin has to make room.')
  })

  it('takes a cut stream for what it is', async () => {
    answer = (_, response) => {
      response.writeHead(200, { 'transfer-encoding': 'chunked' })
      response.write('{"status":"Pulling"}\n', () => response.destroy())
    }
    await expect(from()).rejects.toThrow('could not be pulled')
  })

  it('ends when the engine falls silent', async () => {
    answer = (_, response) => void response.writeHead(200).write('{"status":"Pulling"}\n')
    await expect(from(100)).rejects.toThrow('said nothing for 0.1 s')
  })

  it('keeps no line that is too long', async () => {
    const chunks = (async function* () {
      for (let i = 0; i < 40; i++) yield Buffer.from('x'.repeat(10_000))
      yield Buffer.from('\nshort\n')
    })()
    const longest: number[] = []
    for await (const line of lines(chunks)) longest.push(line.length)
    expect(Math.max(...longest)).toBeLessThanOrEqual(64 * 1024)
    expect(longest.at(-1)).toBe(5)
  })
})
