/** Roles as a process of their own, as in real life: `worker/main.ts` with a configuration file. It dies with us. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tether, untilReady, type Tether } from '../embedded/tether.ts'

const program = join(import.meta.dirname, '../main.ts')

export interface ProcessOptions {
  /** Takes `<name>.yaml` and `<name>.log`; must exist. */
  readonly dir: string
  readonly name: string
  /** What the configuration file holds. */
  readonly config: object
  readonly temporal: { readonly address: string; readonly namespace: string }
  /** Another program than this tree's: an older one. */
  readonly main?: string
}

export interface RoleProcess extends Tether {
  /** Everything that it has logged. */
  log(): string
}

/** Returns when all of its roles are up; fails with its last lines when they do not come. */
export async function startProcess({ dir, name, config, temporal, main = program }: ProcessOptions): Promise<RoleProcess> {
  const file = join(dir, `${name}.yaml`), log = join(dir, `${name}.log`)
  // JSON is YAML too.
  writeFileSync(file, JSON.stringify(config, null, 2), { mode: 0o600 })
  const before = logged(log).length
  const it = await tether(process.execPath, [main], { log, graceMs: 20_000, env: { ...ownEnvironment(), BERTH_CONFIG: file,
    TEMPORAL_ADDRESS: temporal.address, TEMPORAL_NAMESPACE: temporal.namespace } })
  await untilReady(`Berth (${name})`, it, async () => logged(log).slice(before).includes('"berth is up"'), 60_000)
  return { ...it, log: () => logged(log) }
}

const logged = (file: string): string => existsSync(file) ? readFileSync(file, 'utf8') : ''

/** Ours without what would point it at another server. */
function ownEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(TEMPORAL|BERTH)_/.test(name)))
}
