/** A member with a kubeconfig: kubectl itself, the API by token, and streams that are left open. Nothing here prints a secret. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { Agent, request } from 'node:https'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { parse } from 'yaml'

export interface Hands {
  /** What no log and no history may hold. */
  readonly secrets: readonly string[]
  /** Runs it and answers with what it printed; rejects when it failed. */
  kubectl(...args: string[]): Promise<string>
  /** HTTP status of one request with the token. */
  ask(method: string, path: string, body?: object): Promise<number>
  /** An endless command in a pod that heeds no signal but the last. */
  exec(pod: string): Promise<Opened>
  /** A port of the pod through kubectl, with a connection that is left open. */
  forward(pod: string, port: number): Promise<Forwarded>
  /** Uses the token every 100 ms until it is refused; answers with the moment of the last answer that was none. */
  untilRefused(path: string): Promise<number>
  close(): void
}

export interface Opened {
  /** Resolves with the moment at which it was closed from the other side. */
  readonly closed: Promise<number>
}

export interface Forwarded extends Opened {
  readonly local: number
  /** Asks for the page every 100 ms until none comes; answers with the moment of the last that came. */
  untilSilent(): Promise<number>
}

interface Read {
  readonly clusters: readonly [{ readonly cluster: { readonly server: string; readonly 'certificate-authority-data': string } }]
  readonly users: readonly [{ readonly user: { readonly token: string } }]
}

/** `file`: the kubeconfig. `kube`: the laboratory's program. */
export function handsOf(file: string, kube: string): Hands {
  const { clusters: [{ cluster: { server, 'certificate-authority-data': ca } }], users: [{ user: { token } }] } = parse(readFileSync(file, 'utf8')) as Read
  const dir = mkdtempSync(join(tmpdir(), 'berth-hands-')), agent = new Agent({ keepAlive: true, ca: Buffer.from(ca, 'base64') }), children: ChildProcess[] = []
  const words = ['kubectl', '--kubeconfig', file, '--cache-dir', join(dir, 'cache')]
  const start = (...args: string[]) => {
    const child = spawn(kube, [...words, ...args], { stdio: ['ignore', 'pipe', 'ignore'] })
    children.push(child)
    return child
  }
  const said = (child: ChildProcess) => new Promise<string>((done, fail) => {
    child.stdout!.once('data', (text: Buffer) => done(text.toString()))
    child.once('exit', () => fail(new Error('kubectl ended before it said anything.')))
  })
  const ask = (method: string, path: string, body?: object) => new Promise<number>((done, fail) => {
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json'
    request(server + path, { method, agent, headers: { authorization: `Bearer ${token}`, 'content-type': type } }, (answer) => {
      answer.resume().once('end', () => done(answer.statusCode!)).once('error', fail)
    }).once('error', fail).end(body && JSON.stringify(body))
  })
  return {
    ask, secrets: [token, token.split('.')[2]!, server, ca],
    kubectl: async (...args) => (await promisify(execFile)(kube, [...words, ...args])).stdout,
    async exec(pod) {
      const child = start('exec', pod, '--', 'sh', '-c', 'trap "" TERM HUP PIPE; echo up; while true; do sleep 1; done')
      await said(child)
      return { closed: new Promise((done) => child.once('exit', () => done(performance.now()))) }
    },
    async forward(pod, port) {
      const local = Number(/:(\d+) ->/.exec(await said(start('port-forward', pod, `:${port}`)))![1])
      const socket = connect(local, '127.0.0.1')
      await new Promise((done) => socket.once('connect', done))
      // A request that is not whole keeps the other side waiting.
      socket.on('error', () => undefined).resume().write('GET / HTTP/1.1\r\n')
      return {
        local, closed: new Promise((done) => socket.once('close', () => done(performance.now()))),
        untilSilent: () => lastOf(() => fetch(`http://127.0.0.1:${local}/`, { signal: AbortSignal.timeout(1000) }).then(({ ok }) => ok, () => false)),
      }
    },
    untilRefused: (path) => lastOf(async () => await ask('GET', path) < 400),
    close() {
      for (const child of children) child.kill('SIGKILL')
      agent.destroy()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

async function lastOf(isGood: () => Promise<boolean>): Promise<number> {
  for (let last = performance.now(); ; await new Promise((done) => setTimeout(done, 100))) {
    if (!await isGood()) return last
    last = performance.now()
  }
}
