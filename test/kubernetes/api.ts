/** The cluster's API as its admin, as little of it as the set-up needs: the client library stays in `activities/kubernetes/`. */
import { request } from 'node:https'

export interface Admin {
  /** https://… */
  readonly server: string
  /** Authority, certificate and key in PEM. */
  readonly ca: string
  readonly cert: string
  readonly key: string
}

export interface Answer {
  readonly status: number
  readonly body: string
}

/** One call, within 10 s; `body` goes as JSON. */
export function call(admin: Admin, path: string, change?: { method: 'POST' | 'PATCH' | 'DELETE'; body?: object }): Promise<Answer> {
  return new Promise((done, fail) => {
    const type = change?.method === 'PATCH' ? 'application/strategic-merge-patch+json' : 'application/json'
    const sent = request(admin.server + path, {
      method: change?.method ?? 'GET', ca: admin.ca, cert: admin.cert, key: admin.key, timeout: 10_000, headers: { 'content-type': type },
    }, (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (chunk: string) => { text += chunk })
      answer.on('error', fail).on('end', () => done({ status: answer.statusCode ?? 0, body: text }))
    })
    sent.on('timeout', () => sent.destroy(new Error(`The API server did not answer ${path}.`))).on('error', fail)
    sent.end(change?.body && JSON.stringify(change.body))
  })
}

/** The object at this path; undefined where there is none. */
export async function read<T>(admin: Admin, path: string): Promise<T | undefined> {
  const { status, body } = await call(admin, path)
  if (status === 404) return undefined
  if (status !== 200) throw new Error(`The API server answered ${status} to ${path}: ${body.slice(0, 300)}`)
  return JSON.parse(body) as T
}
