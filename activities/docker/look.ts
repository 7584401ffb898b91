/** What the engine shows of one placement now. */
import type { ContainerInspectInfo } from 'dockerode'
import type { Berthing, Sight } from '../../workflows/ports.ts'
import { findMine, type Engine } from './engine.ts'
import { lastLines } from './logs.ts'

export async function look(engine: Engine, it: Berthing): Promise<Sight> {
  const mine = await findMine(engine, it)
  if (!mine) return { is: 'absent' }
  const { seen, mark } = mine, { State: state } = seen
  if (state.Running && !state.Restarting) return running(seen, mark.ports.map(({ port }) => port))
  return { is: 'stopped', exitCode: state.ExitCode, outOfMemory: state.OOMKilled, lastLines: await lastLines(engine, seen.Id) }
}

/** Only of a running one: an exited container still shows its old ports, which may be a stranger's by now. */
export function running(seen: ContainerInspectInfo, ports: readonly number[]): Extract<Sight, { is: 'running' }> {
  const published = seen.NetworkSettings.Ports
  return {
    is: 'running',
    hostPorts: ports.map((port) => Number(published[`${port}/tcp`]?.[0]?.HostPort)),
    startedAt: Date.parse(seen.State.StartedAt),
    id: seen.Id,
    pid: seen.State.Pid,
  }
}
