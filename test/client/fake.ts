/** A Temporal, a directory and keys in memory, for the edges of the gateway. The real ones are in `test/journey`. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { WorkflowUpdateFailedError } from '@temporalio/client'
import { WorkflowNotFoundError } from '@temporalio/common'
import type { Temporal } from '../../client/ask.ts'
import { createGateway, type Gateway, type GatewayNeeds } from '../../client/gateway/gateway.ts'
import type { LogLine } from '../../client/gateway/options.ts'
import type { Seals } from '../../client/gateway/seals.ts'
import type { Tokens } from '../../client/gateway/tokens.ts'
import { accountId, leaseId } from '../../workflows/contract.ts'
import { DirectoryUnavailable, LoginDenied, type Access, type Found, type Person } from '../../workflows/ports.ts'
import { refuse } from '../../workflows/refuse.ts'
import type { Desk, LeaseStatus, LendRequest, Receipt } from '../../workflows/terms.ts'

export interface Call {
  readonly id: string
  readonly name: string
  readonly arg: unknown
  readonly updateId?: string | undefined
}

/** Workflows by id: what queries answer, what updates do. Whatever is not there is not found. */
export interface FakeWorkflow {
  query?: (name: string) => unknown
  update?: (name: string, arg: never, updateId?: string) => unknown
}

export function fakeTemporal() {
  const workflows = new Map<string, FakeWorkflow>(), calls: Call[] = []
  /** An account that was not there: empty, at epoch 0. */
  const opened = (id: string): FakeWorkflow => ({
    query: () => desk(id.replace(/^account:/, '')), update: (name) => (name === 'signIn' ? 0 : undefined),
  })
  const at = (id: string): FakeWorkflow => {
    const found = workflows.get(id)
    if (!found) throw new WorkflowNotFoundError('workflow not found', id, undefined)
    return found
  }
  type Def = { name: string }
  type Options = { args?: unknown[]; updateId?: string; startWorkflowOperation?: { options: { workflowId: string } } }
  const update = async (id: string, def: Def, options: Options) => {
    // Signing in opens the account; what tests look at is what comes after.
    if (def.name !== 'signIn') calls.push({ id, name: def.name, arg: options.args?.[0], updateId: options.updateId })
    return await at(id).update?.(def.name, options.args?.[0] as never, options.updateId)
  }
  const fake = {
    withDeadline: <R>(_at: unknown, fn: () => Promise<R>) => fn(),
    workflow: {
      getHandle: (id: string) => ({
        query: async (def: Def) => await at(id).query?.(def.name),
        executeUpdate: (def: Def, options: Options) => update(id, def, options),
        signal: async (def: Def, arg: unknown) => {
          at(id)
          calls.push({ id, name: def.name, arg })
          await Promise.resolve()
        },
      }),
      executeUpdateWithStart: (def: Def, options: Options) => {
        const id = options.startWorkflowOperation?.options.workflowId ?? ''
        if (!workflows.has(id)) workflows.set(id, opened(id))
        return update(id, def, options)
      },
      async *list({ query }: { query: string }) {
        const kind = /BerthKind = "(\w+)"/.exec(query)?.[1], start = /STARTS_WITH "([^"]*)"/.exec(query)?.[1]
        if (query.includes('!=')) return
        for (const id of workflows.keys()) {
          if (kind !== undefined ? id.startsWith(`${kind}:`) : start !== undefined && id.startsWith(start)) {
            yield await Promise.resolve({ workflowId: id, typedSearchAttributes: { get: () => id.split(':')[1] } })
          }
        }
      },
    },
  }
  return { temporal: fake as unknown as Temporal, workflows, calls }
}

export const failed = (error: Error) => new WorkflowUpdateFailedError('Workflow Update failed', error)
export const refusing = (kind: Parameters<typeof refuse>[0], sentence: string) => failed(refuse(kind, sentence))

/** AES-256-GCM with key ids, as the real keys have: a retired key no longer opens once it is dropped. */
export function fakeSeals(keys = new Map([['k1', randomBytes(32)]])): Seals & { keys: Map<string, Buffer>; current: string } {
  const seals = {
    keys, current: 'k1',
    sealToken(text: string) {
      const key = keys.get(seals.current)
      if (!key) throw new Error('no key')
      const iv = randomBytes(12), cipher = createCipheriv('aes-256-gcm', key, iv)
      const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
      return `${seals.current}.${Buffer.concat([iv, cipher.getAuthTag(), body]).toString('base64url')}`
    },
    openToken(sealed: string) {
      const [id = '', rest = ''] = sealed.split('.'), key = keys.get(id), bytes = Buffer.from(rest, 'base64url')
      if (!key || bytes.length < 28) return undefined
      try {
        const plain = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12)).setAuthTag(bytes.subarray(12, 28))
        return Buffer.concat([plain.update(bytes.subarray(28)), plain.final()]).toString('utf8')
      } catch {
        return undefined
      }
    },
    sealEnv: (env: Readonly<Record<string, string>>, key: string) => `sealed ${Object.keys(env).join()} for ${key}`,
    readAccess() {
      const reader = randomBytes(8).toString('hex')
      return { key: reader, open: (sealed: string, lease: string) => {
        const [to, of, access] = JSON.parse(sealed) as [string, string, Access]
        return to === reader && of === lease ? access : undefined
      } }
    },
  }
  return seals
}

export const person = (uid: string, more: Partial<Person> = {}): Person =>
  ({ uid, uuid: `uuid-${uid}`, dn: `uid=${uid}`, groups: [], disabled: false, ...more })

export function fakeDirectory(people: Person[]) {
  const directory = {
    people, away: false, tries: 0,
    find: (uid: string): Promise<Found> => {
      if (directory.away) return Promise.reject(new DirectoryUnavailable('ldap: connection refused at 10.0.0.7'))
      const found = directory.people.find((one) => one.uid === uid)
      return Promise.resolve(found ? { is: 'person', person: found } : { is: 'absent' })
    },
    login: async (uid: string, password: string): Promise<Person> => {
      directory.tries++
      const found = await directory.find(uid.toLowerCase())
      if (found.is === 'absent' || password !== `secret of ${found.person.uid}`) throw new LoginDenied('49 invalid credentials')
      return found.person
    },
  }
  return directory
}

export const desk = (member: string, more: Partial<Desk> = {}): Desk =>
  ({ member, epoch: 0, leases: [], notices: [], endings: [], ...more })

export const key = '0123456789abcdefghij'
export const webId = leaseId({ name: 'web', member: 'mika', key })
export const held = {
  key, leaseId: webId, name: 'web', label: `web-${key.slice(0, 6)}`, image: 'nginx', cpu: 0.5, memory: 2 ** 28, site: 'main', since: 1,
}
export const leaseStatus = (more: Partial<LeaseStatus> = {}): LeaseStatus => ({
  key, leaseId: webId, member: 'mika', name: 'web', label: held.label, image: 'nginx', phase: 'ready', site: 'main', asked: 1,
  spec: { image: 'nginx', reference: 'nginx:1', cpu: 0.5, memory: 2 ** 28, ports: [80] }, endpoints: [], notices: [], timeline: [{ at: 1, what: 'asked for' }], ...more,
})

/** What an account answers to a wish: `web`, unless it is to have another name. */
export const receiptOf = ({ key: of, name = 'web', image }: LendRequest): Receipt =>
  ({ key: of, leaseId: webId, name, label: held.label, fqdn: 'web.berth.test', site: 'main', image, forMs: 1 })

/** mika holds `web`; olga is an admin; noah has nothing. */
export function stage(options: GatewayNeeds['options'] = {}) {
  const { temporal, workflows, calls } = fakeTemporal()
  const directory = fakeDirectory([person('mika'), person('noah'), person('olga', { groups: ['admins'] })])
  const seals = fakeSeals(), log: LogLine[] = []
  const desks = new Map([['mika', desk('mika', { leases: [held] })]])
  workflows.set(accountId('mika'), {
    query: () => desks.get('mika'),
    update: (name, arg: LendRequest) => {
      if (name === 'lend') return receiptOf(arg)
      if (name === 'signIn') return desks.get('mika')?.epoch
      if (name !== 'signOut') return undefined
      const before = desks.get('mika') ?? desk('mika')
      desks.set('mika', { ...before, epoch: before.epoch + 1 })
      return before.epoch + 1
    },
  })
  workflows.set(webId, { query: () => leaseStatus() })
  let now = Date.now()
  const gateway: Gateway = createGateway({
    temporal, directory, seals, isAdmin: (who) => who.groups.includes('admins'), version: 'test',
    options: { log: (line) => log.push(line), now: () => now, ...options },
  })
  const post = async (path: string, body: unknown, { token, headers = {}, from }: { token?: string; headers?: Record<string, string>; from?: string } = {}) => {
    const response = await gateway.app.request(path, {
      method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body),
      headers: { 'content-type': 'application/json', ...(token !== undefined && { authorization: `Bearer ${token}` }), ...headers },
    }, from === undefined ? {} : { incoming: { socket: { remoteAddress: from } } })
    return { status: response.status, headers: response.headers, body: await response.json() as { error?: { kind: string; sentence: string; requestId: string } } & Record<string, unknown> }
  }
  return {
    gateway, temporal, workflows, calls, directory, seals, log, desks, post,
    pass: (ms: number) => { now += ms },
    now: () => now,
    login: async (uid: string) => (await post('/v1/login', { uid, password: `secret of ${uid}` })).body as unknown as Tokens,
  }
}
