/**
 * Waits until something listens on every port inside. Asked at the container's own address: behind the host port
 * docker-proxy accepts a connection also when nobody listens inside.
 */
import type { ContainerInspectInfo } from 'dockerode'
import { CannotRun, type Signs, type StartOrder } from '../../workflows/ports.ts'
import { accepts } from '../accepts.ts'
import { pause } from '../deadline.ts'
import { exitedAtOnce, isFromOutside } from '../ended.ts'
import { inspect, type Engine } from './engine.ts'
import { listens } from './listeners.ts'
import { lastLines } from './logs.ts'

/** Between two looks whether it still lives. */
const lookMs = 300

/** Throws `CannotRun` with `exitedAtOnce` or `notListening`. */
export async function untilListening(engine: Engine, order: StartOrder, seen: ContainerInspectInfo, { signal }: Signs): Promise<void> {
  await assertAlive(engine, seen)
  if (order.spec.ports.length === 0) {
    await pause(engine.settleMs, signal)
    return await assertAlive(engine, await inspect(engine, seen.Id, signal))
  }
  const ends = performance.now() + engine.listenMs
  let silent = [...order.spec.ports], looked = performance.now(), shown = seen
  for (let wait = 2; ; wait = Math.min(wait * 2, 100)) {
    silent = await stillSilent(engine, order, shown, silent)
    if (silent.length === 0) return
    if (performance.now() - looked > lookMs) {
      const now = await inspect(engine, seen.Id, signal)
      await assertAlive(engine, now)
      shown = now ?? shown // its address may be told late, while others start it as well
      looked = performance.now()
    }
    if (performance.now() > ends) {
      await assertReachable(engine, shown, silent, order)
      throw new CannotRun('notListening', `Nothing listens on port ${silent.join(', ')} after ${engine.listenMs / 1000} s.`)
    }
    await pause(wait, signal)
  }
}

/**
 * The verdict blames the image, so it falls only where the kernel bears it out: an engine that came back meanwhile may have
 * left the container without an address, or its bridge without a way in. It is plugged in anew, and the next try finds it.
 */
async function assertReachable({ networks, probe }: Engine, { Id, State, NetworkSettings }: ContainerInspectInfo, silent: readonly number[], { member }: StartOrder): Promise<void> {
  if (probe !== 'inside') return
  const inside = addressOf(NetworkSettings), why = !inside ? 'has no address'
    : await listens(State.Pid, silent) ? `listens on port ${silent.join(', ')} and cannot be reached at ${inside}` : undefined
  if (!why) return
  await networks.renew(member, Id)
  throw new Error(`The container ${why}: it is plugged into its network again.`)
}

async function stillSilent(engine: Engine, order: StartOrder, seen: ContainerInspectInfo, ports: readonly number[]): Promise<number[]> {
  const inside = addressOf(seen.NetworkSettings)
  const tried = await Promise.all(ports.map(async (port) => {
    if (engine.probe === 'inside') return inside ? await accepts(inside, port) : false
    // A remote engine's bridges are out of reach: a proxy with nobody behind it hangs up at once.
    return await accepts(engine.address, order.hostPorts[order.spec.ports.indexOf(port)] ?? 0, { staysMs: 200 })
  }))
  return ports.filter((_, i) => !tried[i])
}

/** Empty or undefined while it has none. */
const addressOf = ({ Networks }: ContainerInspectInfo['NetworkSettings']): string | undefined => Object.values(Networks)[0]?.IPAddress

/** `seen` is undefined when it is gone. */
async function assertAlive(engine: Engine, seen: ContainerInspectInfo | undefined): Promise<void> {
  if (!seen) throw new Error('The container was removed while it started.')
  if (seen.State.Running) return
  const { ExitCode: code, OOMKilled } = seen.State, said = await lastLines(engine, seen.Id)
  // Under docker-init the engine's own start succeeds, and init is the one that cannot start the command.
  const init = /^\[FATAL tini \(\d+\)\] exec (.+) failed: (.+)$/.exec(said.at(-1) ?? '')
  if (init && (code === 126 || code === 127)) throw new CannotRun('badCommand', `The command cannot be started: ${init[1]}: ${init[2]}.`)
  // Nobody's command: an engine that shuts down, or somebody by hand. The next try starts it again.
  if (isFromOutside({ code, outOfMemory: OOMKilled })) throw new Error(`The container was stopped from outside while it started (code ${code}).`)
  throw exitedAtOnce({ code, outOfMemory: OOMKilled }, said)
}
