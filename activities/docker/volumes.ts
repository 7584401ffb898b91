/**
 * Volumes that bear our mark. An image's own (VOLUME) bear none: they live and go with their container, which `remove`
 * and the engine see to.
 */
import type { Owned } from '../../workflows/ports.ts'
import type { Engine } from './engine.ts'
import { statusOf } from './failures.ts'
import { readMark, reserved, type Labels } from '../labels.ts'

export async function listVolumes(engine: Engine): Promise<Owned[]> {
  const { client, marks } = engine, filters = { label: [`${reserved.instance}=${marks.instance}`] }
  const { Volumes } = await client.ask('list its volumes', (abortSignal) => client.docker.listVolumes({ filters, abortSignal }), { ms: 20_000 })
  return (Volumes ?? []).flatMap((seen) => ownedVolume(engine, seen) ?? [])
}

/** Looks at the mark once more. One that is in use stays, and the error says by whom. Absent is success. */
export async function removeVolume(engine: Engine, { object, key, number }: Owned): Promise<void> {
  const { client } = engine
  try {
    const seen = await client.ask('show a volume', () => client.docker.getVolume(object).inspect())
    const mine = ownedVolume(engine, seen)
    if (mine?.key !== key || mine.number !== number) return
    await client.ask('remove a volume', (abortSignal) => client.docker.getVolume(object).remove({ abortSignal }))
  } catch (error) {
    if (statusOf(error) !== 404) throw error
  }
}

function ownedVolume({ marks, host }: Engine, seen: { Name: string; Labels: Labels | null; CreatedAt?: string }): Owned | undefined {
  const mark = readMark(marks, seen.Labels, { name: seen.Name, host })
  if (mark?.kind !== 'lease') return undefined
  const { key, number, member } = mark
  // An engine that does not say when it was made makes it look young, so it stays.
  return { what: 'volume', object: seen.Name, key, number, member, running: false, hostPorts: [], createdAt: Date.parse(seen.CreatedAt ?? '') || Date.now() }
}
