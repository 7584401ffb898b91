/**
 * One file (YAML, named by `BERTH_CONFIG`) → `Config`, all problems at once. Where Temporal is comes from `TEMPORAL_*`,
 * as the Temporal CLI knows them. Secrets are never in the file: it names files of mode 600.
 */
import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'

const label = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/, 'has lower-case letters, digits and hyphens, at most 32')
const file = z.string().min(1)
const port = z.number().int().min(1).max(65535)
export const roles = ['core', 'host', 'gateway'] as const

const shape = z.strictObject({
  /** Tells one Berth from another on the same engines, zones and namespaces. */
  instance: label,
  roles: z.array(z.enum(roles)).min(1),
  /** Folder for what must survive a restart: the last good policy. */
  state: file,
  keys: z.strictObject({
    /** Codec of all payloads; every role. */
    payloads: file,
    /** Proofs on everything made outside; roles core and host. */
    marks: file.optional(),
    /** Env values: sealed by the gateway, opened by the host. */
    env: file.optional(),
    /** Tokens of the gateway. */
    tokens: file.optional(),
    /** Seals of buttons, forms and link pages; with chat, roles core and gateway. */
    chat: file.optional(),
  }),
  /** Where Prometheus reads, `127.0.0.1:9464`; off when absent. */
  metrics: z.string().optional(),
  /** Where spans go, an OTLP receiver over HTTP like `http://127.0.0.1:4318`; off when absent. */
  traces: z.strictObject({ endpoint: z.url({ protocol: /^https?$/, error: 'is like http://127.0.0.1:4318' }) }).optional(),
  policy: file.optional(),
  directory: z.strictObject({
    url: z.string().regex(/^ldaps?:\/\//, 'starts with ldap:// or ldaps://'),
    startTls: z.boolean().default(false),
    ca: file.optional(),
    bindDn: z.string(),
    bindPasswordFile: file,
    base: z.string(),
    groupBase: z.string(),
    uidAttribute: z.string().default('uid'),
    groups: z.enum(['search', 'memberOf']).default('search'),
    canary: z.strictObject({ uid: z.string(), group: z.string() }),
    deadlineMs: z.number().int().min(100).max(10_000).default(2_500),
  }).optional(),
  /** Nameserver of each zone. */
  names: z.record(z.string(), z.strictObject({
    server: z.string(), port: port.default(53), keyName: z.string(), keyFile: file,
  })).optional(),
  host: z.strictObject({
    name: label,
    site: label,
    /** Address that A/AAAA records give, and on which host ports listen. Of a cluster: absent means its nodes that are ready. */
    address: z.string().optional(),
    /** The host is a cluster; then nothing of an engine counts. */
    kubernetes: z.strictObject({
      /** Absent: the cluster in which this role runs as a pod. */
      kubeconfig: file.optional(),
      context: z.string().optional(),
      /** Ranges of pods and Services that the nodes do not tell: leases of others are there. */
      ranges: z.array(z.string()).default([]),
      /** Resource of a GPU, like nvidia.com/gpu. */
      gpu: z.string().optional(),
      /** Share of its cpu that a lease reserves for itself. */
      reserve: z.number().min(0).max(1).default(1),
      /** Nobody is root; the user of all containers. */
      user: z.number().int().min(1).default(1000),
      pull: z.enum(['Always', 'IfNotPresent', 'Never']).default('IfNotPresent'),
      /** Where members reach the API with `berth kube`; absent: where Berth does, which it can only be outside of the cluster. */
      server: z.url({ protocol: /^https$/, error: 'is like https://cluster.example.org:6443' }).optional(),
      /** Registry credentials, as Docker writes them (config.json). */
      pullSecretFile: file.optional(),
      /** `pod`: node ports cannot be reached from here, so the kubelet is believed. */
      probe: z.enum(['node port', 'pod']).default('node port'),
    }).optional(),
    socket: file.default('/var/run/docker.sock'),
    ports: z.tuple([port, port]).refine(([from, to]) => from <= to, 'the first is not above the last'),
    range: z.string().default('10.201.0.0/16'),
    cpu: z.number().positive().optional(),
    memoryMi: z.number().int().positive().optional(),
    slots: z.number().int().positive().default(100),
    /** Addresses that a lease must never reach, beside the host itself and the metadata address. */
    control: z.array(z.string()).default([]),
    wall: z.enum(['iptables', 'none']).default('iptables'),
    probeMs: z.number().int().positive().default(20_000),
  }).optional(),
  gateway: z.strictObject({
    address: z.string().default('127.0.0.1'),
    port: z.number().int().min(0).max(65535),
    cert: file.optional(),
    key: file.optional(),
    trustedProxies: z.array(z.string()).default([]),
  }).optional(),
  /** Slack and Mattermost; roles core (cards) and gateway (commands, buttons). */
  chat: z.strictObject({
    /** How chat servers and members' browsers reach the gateway. */
    url: z.string().regex(/^https?:\/\/[^/]+$/, 'is like https://berth.example.org'),
    slack: z.array(z.strictObject({
      team: z.string().regex(/^T[A-Z0-9]{2,}$/, 'is a team id like T1DC2JH3J'),
      botTokenFile: file,
      /** Requests come over HTTP, signed with it. */
      signingSecretFile: file.optional(),
      /** `xapp-`: requests come over a socket that Berth opens. */
      appTokenFile: file.optional(),
      /** Links without the page whoever Slack knows by an address of `domains`: you assert that it enforces a sign-in by the directory. Needs the scope users:read.email. */
      mode: z.literal('slack-sso-email').optional(),
      domains: z.array(z.string().regex(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/, 'is like example.org, in lower case')).min(1).optional(),
      api: z.url().optional(),
    }).refine((one) => one.signingSecretFile !== undefined || one.appTokenFile !== undefined, 'needs signingSecretFile (HTTP) or appTokenFile (socket)')
      .refine((one) => (one.mode === undefined) === (one.domains === undefined), 'mode slack-sso-email and domains go together: whose addresses are to count?')).default([]),
    mattermost: z.array(z.strictObject({
      name: label,
      url: z.string().regex(/^https?:\/\/[^ ]+[^/ ]$/, 'is like https://chat.example.org'),
      botTokenFile: file,
      /** The slash command's token, by team id. */
      commandTokenFiles: z.record(z.string(), file),
      /** Links without the page whoever signs in there by the directory, by its entryUUID; the bot must be a system admin. */
      mode: z.literal('mattermost-ldap').optional(),
    })).default([]),
  }).optional(),
  /** With role core; see `schedules.ts`. `report` only tells what is left over, `enforce` removes it. */
  sweep: z.strictObject({
    mode: z.enum(['report', 'enforce']).default('report'),
    everyMs: z.number().int().min(10_000).default(600_000),
    youngMs: z.number().int().min(10_000).default(600_000),
  }).optional(),
  /** Payloads in clear for admins in the Temporal UI; with role gateway, off when absent. */
  codecEndpoint: z.strictObject({
    address: z.string().default('127.0.0.1'),
    port: z.number().int().min(0).max(65535),
    /** The UI's, without a slash at its end. */
    origin: z.string().regex(/^https?:\/\/[^/]+$/, 'is like https://temporal.example.org'),
    cert: file.optional(),
    key: file.optional(),
  }).optional(),
})

export type Config = z.infer<typeof shape>

/** Every problem of a configuration, each a sentence. */
export class BadConfig extends Error {
  override name = 'BadConfig'
  readonly problems: readonly string[]
  constructor(problems: readonly string[]) {
    super(`The configuration has ${problems.length} problem${problems.length === 1 ? '' : 's'}:\n${problems.map((one) => `  - ${one}`).join('\n')}`)
    this.problems = problems
  }
}

const needs: Record<(typeof roles)[number], readonly (keyof Config | `keys.${keyof Config['keys']}`)[]> = {
  core: ['policy', 'directory', 'names', 'keys.marks'],
  host: ['host', 'keys.marks', 'keys.env'],
  gateway: ['gateway', 'directory', 'policy', 'keys.tokens', 'keys.env'],
}

export function checkConfig(read: unknown): Config {
  const parsed = shape.safeParse(read)
  if (!parsed.success) throw new BadConfig(parsed.error.issues.map((issue) => `${issue.path.join('.') || 'the file'}: ${issue.message}`))
  const config = parsed.data
  const problems = config.roles.flatMap((role) => needs[role].flatMap((what) => {
    const there = what.startsWith('keys.') ? config.keys[what.slice(5) as keyof Config['keys']] : config[what as keyof Config]
    return there === undefined ? [`role ${role} needs ${what}`] : []
  }))
  if (config.host && !config.host.kubernetes && config.host.address === undefined) problems.push('host.address: a Docker host has to say at which address its ports are reached')
  for (const part of ['gateway', 'codecEndpoint'] as const) {
    if ((config[part]?.cert === undefined) !== (config[part]?.key === undefined)) problems.push(`${part}: cert and key go together`)
  }
  if (config.chat && config.keys.chat === undefined && config.roles.some((role) => role !== 'host')) {
    problems.push('chat needs keys.chat; make one with: echo "{\\"current\\":\\"a\\",\\"keys\\":{\\"a\\":\\"$(openssl rand -base64 32)\\"}}" > chat.json && chmod 600 chat.json')
  }
  if (problems.length > 0) throw new BadConfig(problems)
  return config
}

/** Reads a file; paths in it are relative to its folder. */
export function readConfig(path: string): Config {
  let read: unknown
  try {
    read = parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw new BadConfig([`${path}: ${error instanceof Error ? error.message : String(error)}`])
  }
  return absolute(checkConfig(read), dirname(resolve(path)))
}

const fileFields = new Set(['state', 'payloads', 'marks', 'env', 'tokens', 'chat', 'policy', 'ca', 'bindPasswordFile', 'keyFile', 'socket', 'cert', 'key', 'botTokenFile', 'signingSecretFile', 'appTokenFile',
  'kubeconfig', 'pullSecretFile'])

function absolute<T>(value: T, folder: string): T {
  if (Array.isArray(value)) return value.map((one) => absolute(one as unknown, folder)) as T
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, one]) =>
    [name, fileFields.has(name) && typeof one === 'string' ? resolve(folder, one) : name === 'commandTokenFiles' ? filesIn(one, folder) : absolute(one as unknown, folder)])) as T
}

const filesIn = (files: unknown, folder: string) =>
  Object.fromEntries(Object.entries(files as Record<string, string>).map(([team, path]) => [team, resolve(folder, path)]))
