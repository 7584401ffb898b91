/** The embedded Temporal server: a process of our own on free loopback ports, never one that TEMPORAL_* names. */
import { join } from 'node:path'
import { Connection } from '@temporalio/client'
import { freePort } from '../port.ts'
import { runServer, type Server } from '../server.ts'
import { temporalBinary } from './binary.ts'

const host = '127.0.0.1'

/**
 * Without the `MaxPollRPS` values each hand-over waits for a 50 ms tick, since the server has one shard. One partition
 * per queue: a second only delays. Namespaces are read again often, so that a fresh one is usable soon.
 */
const dynamicConfig = {
  'history.transferProcessorMaxPollRPS': 2000,
  'history.timerProcessorMaxPollRPS': 2000,
  'history.visibilityProcessorMaxPollRPS': 2000,
  'history.outboundProcessorMaxPollRPS': 2000,
  'matching.enableFairness': true,
  'matching.numTaskqueueReadPartitions': 1,
  'matching.numTaskqueueWritePartitions': 1,
  'system.enableActivityEagerExecution': true,
  'system.namespaceCacheRefreshInterval': '250ms',
}

export interface TemporalOptions {
  /** Takes the log and, unless `dbFile` is given, the database. */
  readonly dir: string
  readonly port?: number
  readonly ui?: boolean
  readonly uiPort?: number
  readonly dbFile?: string
  /** Where the UI asks for payloads in clear. */
  readonly codecEndpoint?: string
  readonly say?: (line: string) => void
}

export interface EmbeddedTemporal extends Server {
  readonly address: string
  readonly uiUrl?: string
}

/** Starts the server and returns when it answers. It dies with this process. */
export async function startTemporal(options: TemporalOptions): Promise<EmbeddedTemporal> {
  const binary = await temporalBinary(options.say)
  const port = options.port ?? await freePort()
  const uiPort = options.ui ? options.uiPort ?? await freePort() : undefined
  const args = [
    'server', 'start-dev', '--ip', host, '--port', String(port), '--log-level', 'error',
    '--db-filename', options.dbFile ?? join(options.dir, 'temporal.db'),
    '--sqlite-pragma', 'journal_mode=WAL', '--sqlite-pragma', 'synchronous=1',
    ...Object.entries(dynamicConfig).flatMap(([key, value]) => ['--dynamic-config-value', `${key}=${JSON.stringify(value)}`]),
    ...(uiPort ? ['--ui-port', String(uiPort), '--ui-disable-news-fetch'] : ['--headless']),
    ...(uiPort && options.codecEndpoint ? ['--ui-codec-endpoint', options.codecEndpoint] : []),
  ]
  const address = `${host}:${port}`
  const server = await runServer({
    what: 'The Temporal server', command: binary, args, log: join(options.dir, 'temporal.log'), port, withinMs: 60_000,
    env: { ...ownEnvironment(), GOGC: '400' }, ready: () => answers(address),
  })
  return Object.assign(Object.create(server) as typeof server, { address }, uiPort && { uiUrl: `http://${host}:${uiPort}` })
}

/** Our environment without what would point the program elsewhere. */
function ownEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TEMPORAL_')))
}

async function answers(address: string): Promise<boolean> {
  const connection = await Connection.connect({ address, connectTimeout: '2s' })
  try {
    // The system calls answer before the store is there; the default namespace is its last piece.
    await connection.withDeadline(Date.now() + 2_000, () => connection.workflowService.describeNamespace({ namespace: 'default' }))
    return true
  } finally {
    await connection.close()
  }
}
