/** An HTTP server whose trouble a test chooses: not there, silent, asking for a pause, or losing the answer to what it did. */
import { createServer, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Recorded {
  readonly method: string
  /** Without its query. */
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: string
}

export interface Steered {
  /** `http://127.0.0.1:<port>`. */
  readonly url: string
  /** Whatever came, also what was not answered; the oldest first. */
  readonly requests: Recorded[]
  /** Every connection is cut as soon as something was asked. */
  down: boolean
  /** Nothing is answered: not at all, or only its head. */
  silent: false | 'at all' | 'after the head'
  /** Nothing is done, and a pause of so many seconds is asked for. */
  limitedS: number | undefined
  /** So many times what was asked is done, and the connection cut instead of an answer. */
  loseAnswers: number
  close(): Promise<void>
}

/** Answers as JSON, unless it says otherwise. */
export const json = (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Answer =>
  ({ status, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) })

export async function startSteered({ answer, limited = () => json(429, {}) }: { readonly answer: (asked: Recorded) => Answer | Promise<Answer>; readonly limited?: (seconds: number) => Answer }): Promise<Steered> {
  const server = createServer((request, response) => void (async () => {
    const cut = () => request.socket.destroy()
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://here')
    const asked: Recorded = { method: request.method ?? '', path: pathname, query: searchParams, headers: request.headers, body: await bodyOf(request) }
    it.requests.push(asked)
    if (it.down) return cut()
    if (it.silent === 'after the head') response.writeHead(200, { 'content-type': 'application/json' }).write('{')
    if (it.silent !== false) return
    const { status, headers, body } = it.limitedS !== undefined ? limited(it.limitedS) : await answer(asked)
    if (it.limitedS === undefined && it.loseAnswers > 0) {
      it.loseAnswers--
      return cut()
    }
    response.writeHead(status, headers).end(body)
  })().catch((error: unknown) => {
    // A fault of the test's own server must not look like a quiet one.
    response.writeHead(500).end(`the test server: ${String(error)}`)
  }))
  await new Promise<void>((listening, fail) => server.once('error', fail).listen(0, '127.0.0.1', listening))
  const it: Steered = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: [], down: false, silent: false, limitedS: undefined, loseAnswers: 0,
    close: () => new Promise((closed) => {
      server.close(() => closed())
      server.closeAllConnections()
    }),
  }
  return it
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return Buffer.concat(parts).toString('utf8')
}
