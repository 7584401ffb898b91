/** The engine's API over its socket, as little of it as the set-up needs: dockerode stays in `activities/docker/`. */
import { request } from 'node:http'

export interface Answer {
  readonly status: number
  readonly body: string
}

/** A tar, or anything else as JSON. */
export type Body = Buffer | { readonly json: unknown }

/** One call. Fails when the engine does not answer within the deadline (60 s when absent). */
export function call(socketPath: string, method: string, path: string, body?: Body, deadlineMs = 60_000): Promise<Answer> {
  return new Promise((done, fail) => {
    const sent = request({ socketPath, method, path, host: 'docker',
      ...(body && { headers: { 'content-type': Buffer.isBuffer(body) ? 'application/x-tar' : 'application/json' } }) }, (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (chunk: string) => { text += chunk })
      answer.on('error', fail).on('end', () => done({ status: answer.statusCode ?? 0, body: text })).on('close', () => {
        clearTimeout(timer)
        fail(new Error('The engine ended in mid-answer.'))
      })
    })
    const timer = setTimeout(() => sent.destroy(new Error(`The engine did not answer ${method} ${path}.`)), deadlineMs)
    sent.on('error', (error) => {
      clearTimeout(timer)
      fail(error)
    })
    sent.end(body && (Buffer.isBuffer(body) ? body : JSON.stringify(body.json)))
  })
}

/** Whether an engine answers on this socket. */
export async function answersPing(socketPath: string): Promise<boolean> {
  return call(socketPath, 'GET', '/_ping', undefined, 5_000).then(({ status }) => status === 200, () => false)
}
