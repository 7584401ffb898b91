/**
 * Keeps a container's files when it can never be started again: an image of them, which the container of the same
 * placement is made anew from, and the volumes that it had. Both go with the placement.
 *
 * Needed after an engine was killed in the middle of a start (seen on 20.10 with containerd 1.6): what it left half below
 * itself stands in the way of this container's id for ever. The engine's API does not reach it, `ctr` does not see it, and
 * a killed shim leaves its folder, so that only a restart of containerd, with everything that runs on it, would clear it.
 * Engines since 24 clear it by themselves.
 */
import type { Berthing, Signs } from '../../workflows/ports.ts'
import type { Engine, Mine } from './engine.ts'
import { isFull, saidBy, statusOf } from './failures.ts'
import { readMark } from '../labels.ts'
import { containerName } from './labels.ts'

export interface Saved {
  readonly image: string
  readonly volumes: readonly { readonly name: string; readonly at: string }[]
}

/** On the image: which volumes its container had, as URI-encoded JSON, so that no character of a path means anything else. */
const volumesLabel = 'berth.volumes'
/** A large one is read and written once. */
const saveMs = 10 * 60_000

const imageName = ({ marks }: Engine, it: Pick<Berthing, 'key' | 'number'>) => `berth/${containerName(marks, it)}`
const tag = 'kept'

/** The container itself stays as it is. */
export async function saveFiles(engine: Engine, { seen }: Pick<Mine, 'seen'>, it: Berthing, { signal, heartbeat }: Signs): Promise<Saved> {
  const { client } = engine, repo = imageName(engine, it)
  const volumes = seen.Mounts.flatMap(({ Type, Name, Destination }) => Type === 'volume' && Name ? [{ name: Name, at: Destination }] : [])
  heartbeat('keeps its files')
  await forgetEarlier(engine, seen, { image: `${repo}:${tag}`, signal })
  try {
    await client.ask('keep a container\'s files', (abortSignal) => client.docker.getContainer(seen.Id).commit({
      repo, tag, pause: false, changes: [`LABEL ${volumesLabel}=${encodeURIComponent(JSON.stringify(volumes))}`], abortSignal,
    }), { ms: saveMs, signal })
  } catch (error) {
    if (isFull(error)) throw error
    throw new Error(`The engine left this container half when it crashed, and its files cannot be kept: ${saidBy(error)}`, { cause: error })
  }
  return { image: `${repo}:${tag}`, volumes }
}

/** What a try kept that was cut off before it removed the container: a second image takes its name, and nobody finds the first. */
async function forgetEarlier({ client }: Engine, seen: Mine['seen'], { image, signal }: { image: string; signal: AbortSignal }): Promise<void> {
  try {
    const { Id } = await client.ask('show an image', () => client.docker.getImage(image).inspect(), { signal })
    // One that the container was made from stays, below what is kept of it now.
    if (Id !== seen.Image) await client.ask('remove an image', (abortSignal) => client.docker.getImage(image).remove({ abortSignal }), { ms: 30_000, signal })
  } catch (error) {
    unlessAbsent(error)
  }
}

/** What an earlier try has kept, once its mark verifies. */
export async function findSaved(engine: Engine, it: Pick<Berthing, 'key' | 'number'>, signal?: AbortSignal): Promise<Saved | undefined> {
  const { client, marks, host } = engine, image = `${imageName(engine, it)}:${tag}`
  try {
    const { Config } = await client.ask('show an image', () => client.docker.getImage(image).inspect(), { signal })
    if (!readMark(marks, Config.Labels, { name: containerName(marks, it), host })) return undefined
    return { image, volumes: JSON.parse(decodeURIComponent(Config.Labels[volumesLabel] ?? '[]')) as Saved['volumes'] }
  } catch (error) {
    if (statusOf(error) === 404) return undefined
    throw error
  }
}

/** With the placement; absent is success. */
export async function removeSaved(engine: Engine, it: Pick<Berthing, 'key' | 'number'>): Promise<void> {
  const { client: { ask, docker } } = engine, saved = await findSaved(engine, it)
  if (!saved) return
  for (const { name } of saved.volumes) {
    await ask('remove a volume', (abortSignal) => docker.getVolume(name).remove({ abortSignal }), { ms: 30_000 }).catch(unlessAbsent)
  }
  // The image last: it alone tells of the volumes.
  await ask('remove an image', (abortSignal) => docker.getImage(saved.image).remove({ abortSignal }), { ms: 30_000 }).catch(unlessAbsent)
}

function unlessAbsent(error: unknown): void {
  if (statusOf(error) !== 404) throw error
}
