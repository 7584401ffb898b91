/** Looking at the world past Berth: the nameserver, the engine, a port, a page. */
import { Resolver } from 'node:dns/promises'
import { connect } from 'node:net'
import { call } from '../embedded/dockerd/api.ts'

export interface Asked {
  readonly address: string
  readonly port: number
}

function resolver({ address, port }: Asked): Resolver {
  const it = new Resolver({ timeout: 2_000, tries: 3 })
  it.setServers([`${address}:${port}`])
  return it
}

/** SRV records, as this nameserver says; none when there is no such name. */
export const servicesOf = (server: Asked, name: string) => noneWhenAbsent(resolver(server).resolveSrv(name))
export const addressesOf = (server: Asked, name: string) => noneWhenAbsent(resolver(server).resolve4(name))
export const textsOf = (server: Asked, name: string) => noneWhenAbsent(resolver(server).resolveTxt(name))

async function noneWhenAbsent<T>(answer: Promise<T[]>): Promise<T[]> {
  try {
    return await answer
  } catch (error) {
    if (['ENOTFOUND', 'ENODATA'].includes((error as NodeJS.ErrnoException).code ?? '')) return []
    throw error
  }
}

export interface SeenContainer {
  readonly Id: string
  readonly Names: readonly string[]
  readonly State: string
  readonly Labels: Readonly<Record<string, string>>
}

/** All containers with this instance's label, also those that do not run. */
export async function containersOf(socketPath: string, instance: string): Promise<SeenContainer[]> {
  return JSON.parse(await listed(socketPath, 'containers/json?all=1', instance)) as SeenContainer[]
}

/** Names of the networks with this instance's label. */
export async function networksOf(socketPath: string, instance: string): Promise<string[]> {
  return (JSON.parse(await listed(socketPath, 'networks?', instance)) as { Name: string }[]).map(({ Name }) => Name)
}

async function listed(socketPath: string, what: string, instance: string): Promise<string> {
  const filters = encodeURIComponent(JSON.stringify({ label: [`berth.instance=${instance}`] }))
  const { status, body } = await call(socketPath, 'GET', `/${what}&filters=${filters}`)
  if (status !== 200) throw new Error(`The engine answered ${status}: ${body}`)
  return body
}

export function listens(host: string, port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect({ host, port })
    const end = (answer: boolean) => {
      socket.destroy()
      done(answer)
    }
    socket.setTimeout(2_000, () => end(false)).once('connect', () => end(true)).once('error', () => end(false))
  })
}

export async function pageAt(url: string): Promise<string> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(10_000) })
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}.`)
  return answer.text()
}
