/** Takes away whatever bears an instance's mark on its engine, and its wall: at the end of a demo or a test, or after it died. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { marksOf } from '../adapters.ts'
import { dockerOf } from '../wiring/docker.ts'
import { type Config, readConfig } from '../config.ts'
import { whenWeDie } from '../embedded/tether.ts'

export async function clear(config: Config): Promise<void> {
  const runtime = dockerOf(config, marksOf(config))
  try {
    const owned = await runtime.list()
    for (const what of ['container', 'network', 'volume']) {
      await Promise.all(owned.filter((one) => one.what === what).map((one) => runtime.removeOwned(one)))
    }
  } finally {
    // The wall can go also when the engine is gone.
    if (config.host!.wall === 'iptables') await runtime.unwall()
    runtime.close()
  }
}

/** Clears when this process dies, by the keys that are named in `configuration`; the answer calls it off. */
export function clearWhenWeDie(configuration: object, folder: string): () => void {
  const file = join(folder, 'clear.yaml')
  writeFileSync(file, JSON.stringify(configuration), { mode: 0o600 })
  return whenWeDie([process.execPath, import.meta.filename, file])
}

// As the watchdog's command.
if (process.argv[1] === import.meta.filename) await clear(readConfig(process.argv[2]!))
