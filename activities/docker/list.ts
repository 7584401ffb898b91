/** Everything on the engine whose mark verifies, and the removal of one such thing. A label alone proves nothing. */
import type { Owned } from '../../workflows/ports.ts'
import { findMine, type Engine } from './engine.ts'
import { readMark, reserved } from '../labels.ts'
import { remove } from './remove.ts'
import { listVolumes, removeVolume } from './volumes.ts'

export async function list(engine: Engine): Promise<readonly Owned[]> {
  const [containers, networks, volumes] = await Promise.all([listContainers(engine), listNetworks(engine), listVolumes(engine)])
  return [...containers, ...networks, ...volumes]
}

async function listContainers({ client, marks, host }: Engine): Promise<Owned[]> {
  const filters = { label: [`${reserved.instance}=${marks.instance}`] }
  const found = await client.ask('list its containers', (abortSignal) =>
    client.docker.listContainers({ all: true, filters, abortSignal }), { ms: 20_000 })
  return found.flatMap(({ Names, Labels: labels, State, Created }): Owned[] => {
    const object = (Names[0] ?? '').slice(1), mark = readMark(marks, labels, { name: object, host })
    if (mark?.kind !== 'lease') return []
    const { key, number, member, ports } = mark
    return [{
      what: 'container', object, key, number, member, running: State === 'running', createdAt: Created * 1000,
      hostPorts: ports.map(({ hostPort }) => hostPort),
    }]
  })
}

async function listNetworks({ client, marks, host }: Engine): Promise<Owned[]> {
  const filters = { label: [`${reserved.instance}=${marks.instance}`] }
  const found = await client.ask('list its networks', (abortSignal) =>
    client.docker.listNetworks({ filters, abortSignal }), { ms: 20_000 })
  return found.flatMap(({ Name: object, Labels: labels, Created }): Owned[] => {
    const mark = readMark(marks, labels, { name: object, host })
    if (mark?.kind !== 'account') return []
    const { key, number, member } = mark
    return [{ what: 'network', object, key, number, member, running: true, hostPorts: [], createdAt: Date.parse(Created) }]
  })
}

/** Looks at the mark once more, for the name may be another's by now. A network that is in use again stays. */
export async function removeOwned(engine: Engine, owned: Owned): Promise<void> {
  if (owned.what === 'network') return await engine.networks.release(owned.member)
  if (owned.what === 'volume') return await removeVolume(engine, owned)
  if (await findMine(engine, owned)) await remove(engine, owned)
}
