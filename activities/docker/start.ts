/**
 * Create, start, inspect: three calls when nothing is in the way. Idempotent by name: a retry, or a second try at the
 * same time, adopts what the other made once its mark verifies.
 */
import { CannotRun, PortTaken, type Sight, type Signs, type StartOrder } from '../../workflows/ports.ts'
import { containerOptions } from './container.ts'
import { pause } from './deadline.ts'
import { inspect, type Engine } from './engine.ts'
import { isImageMissing, isLeftHalf, isNetworkWrong, meant, statusOf } from './failures.ts'
import { containerLabels, containerName, readMark } from './labels.ts'
import { untilListening } from './listening.ts'
import { running } from './look.ts'
import { pull } from './pull.ts'
import { removeContainer } from './remove.ts'

type Running = Extract<Sight, { is: 'running' }>

export async function start(engine: Engine, order: StartOrder, signs: Signs): Promise<Running> {
  const facts = await engine.ready(signs.signal)
  if (order.spec.cpu > facts.cpu) throw new CannotRun('tooBig', `This host has ${facts.cpu} cpu.`)
  if (order.spec.memory > facts.memory) throw new CannotRun('tooBig', `This host has ${Math.floor(facts.memory / 2 ** 20)} MiB of memory.`)
  try {
    return await engine.networks.use(order.member, async (network) => {
      const id = await createOrAdopt(engine, order, signs, { network, init: facts.init })
      try {
        return await run(engine, id, order, signs)
      } catch (error) {
        // Nobody comes back for these: what cannot run is not left behind. After any other trouble a retry adopts it.
        if (error instanceof CannotRun || error instanceof PortTaken || await isUnstartable(engine, id, error)) await removeContainer(engine, id)
        throw error
      }
    })
  } catch (error) {
    if (error instanceof CannotRun || error instanceof PortTaken) await engine.networks.release(order.member)
    throw error
  }
}

/** Made anew by the next try; only what has never run, for anything else may hold a member's files. */
async function isUnstartable(engine: Engine, id: string, error: unknown): Promise<boolean> {
  return isLeftHalf(error) && (await inspect(engine, id))?.State.Status === 'created'
}

/** Starts what is created, and waits until it is of use. Already running is success. */
export async function run(engine: Engine, id: string, order: StartOrder, signs: Signs): Promise<Running> {
  await startNow(engine, id, order, signs)
  const seen = await inspect(engine, id, signs.signal)
  if (!seen) throw new Error('The container was removed while it started.')
  await untilListening(engine, order, seen, signs)
  return running(seen, order.spec.ports)
}

async function startNow({ client, networks }: Engine, id: string, order: StartOrder, { signal }: Signs): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await client.ask('start a container', (abortSignal) => client.docker.getContainer(id).start({ abortSignal }), { ms: 30_000, signal })
    } catch (error) {
      if (statusOf(error) === 304) return
      // What we knew of the account's network may be old: another worker removed it with the account's last lease.
      networks.forget(order.member)
      if (!isNetworkWrong(error) || attempt === 3) throw meant(error, order.hostPorts)
      await networks.renew(order.member, id)
    }
  }
}

/** The id of the container of this placement. */
async function createOrAdopt(engine: Engine, order: StartOrder, signs: Signs, { network, init }: { network: string; init: boolean }): Promise<string> {
  const { client, marks, host, address, pids, dns } = engine, { signal } = signs
  const name = containerName(marks, order)
  const options = containerOptions(order, { name, labels: containerLabels(marks, host, order), network, address, init, pids, dns })
  let pulled = false
  for (let attempt = 0; attempt < 20; attempt++) {
    try {
      const made = await client.ask('create a container', (abortSignal) => client.docker.createContainer({ ...options, abortSignal }), { ms: 30_000, signal })
      return made.id
    } catch (error) {
      if (isImageMissing(error) && !pulled) {
        await pull(engine, order.spec.reference, signs)
        pulled = true
        continue
      }
      if (statusOf(error) !== 409) throw meant(error, order.hostPorts)
    }
    // The name is reserved, yet the container may not be visible for a moment, or be on its way out.
    const seen = await inspect(engine, name, signal)
    if (seen && seen.State.Status !== 'removing' && !seen.State.Dead) {
      if (!readMark(marks, seen.Config.Labels, { name, host })) throw new Error(`The container name ${name} is used by something that is not ours.`)
      return seen.Id
    }
    await pause(100, signal)
  }
  throw new Error(`The container ${name} is neither there nor gone.`)
}
