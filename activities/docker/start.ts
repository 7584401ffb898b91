/**
 * Create, start, inspect: three calls when nothing is in the way. Idempotent by name: a retry, or a second try at the
 * same time, adopts what the other made once its mark verifies.
 */
import { CannotRun, PortTaken, type Sight, type Signs, type StartOrder } from '../../workflows/ports.ts'
import { createOrAdopt, type Made } from './create.ts'
import { inspect, type Engine } from './engine.ts'
import { isHeldByEngine, isLeftHalf, isNetworkWrong, isUnexplained, meant, statusOf } from './failures.ts'
import { untilListening } from './listening.ts'
import { running } from './look.ts'
import { removeContainer } from './remove.ts'
import { saveFiles } from './save.ts'

type Running = Extract<Sight, { is: 'running' }>

export async function start(engine: Engine, order: StartOrder, signs: Signs): Promise<Running> {
  const facts = await engine.ready(signs.signal)
  if (order.spec.cpu > facts.cpu) throw new CannotRun('tooBig', `This host has ${facts.cpu} cpu.`)
  if (order.spec.memory > facts.memory) throw new CannotRun('tooBig', `This host has ${Math.floor(facts.memory / 2 ** 20)} MiB of memory.`)
  try {
    return await engine.networks.use(order.member, async (network) => {
      const made = await createOrAdopt(engine, order, signs, { network })
      try {
        return await run(engine, made, order, signs)
      } catch (error) {
        // Nobody comes back for these: what cannot run is not left behind. After any other trouble a retry adopts it.
        if (error instanceof CannotRun || error instanceof PortTaken) await removeContainer(engine, made.id)
        throw error
      }
    })
  } catch (error) {
    if (error instanceof CannotRun || error instanceof PortTaken) await engine.networks.release(order.member)
    throw error
  }
}

/**
 * Starts what is made, and waits until it is of use. Already running is success. What can never start is made anew with
 * its files; so is what an earlier try has made and the engine will not start, for a reason of its own that it may keep.
 */
export async function run(engine: Engine, made: Made, order: StartOrder, signs: Signs): Promise<Running> {
  try {
    await startNow(engine, made.id, order, signs)
  } catch (error) {
    if (!isLeftHalf(error) && !(made.adopted && isUnexplained(error))) throw error
    made.id = (await makeAnew(engine, made, order, signs)).id
    await startNow(engine, made.id, order, signs)
  }
  const seen = await inspect(engine, made.id, signs.signal)
  if (!seen) throw new Error('The container was removed while it started.')
  await untilListening(engine, order, seen, signs)
  return running(seen, order.spec.ports)
}

async function makeAnew(engine: Engine, { id, network }: Made, order: StartOrder, signs: Signs): Promise<Made> {
  const seen = await inspect(engine, id, signs.signal)
  // One that has never run has no files.
  const saved = seen && seen.State.Status !== 'created' ? await saveFiles(engine, { seen }, order, signs) : undefined
  await removeContainer(engine, id, { volumes: !saved })
  return createOrAdopt(engine, order, signs, { network, saved })
}

async function startNow(engine: Engine, id: string, order: StartOrder, { signal }: Signs): Promise<void> {
  const { client, networks } = engine
  for (let attempt = 1; ; attempt++) {
    try {
      return await client.ask('start a container', (abortSignal) => client.docker.getContainer(id).start({ abortSignal }), { ms: 30_000, signal })
    } catch (error) {
      if (statusOf(error) === 304) return
      // What we knew of the account's network may be old: another worker removed it with the account's last lease.
      networks.forget(order.member)
      if (!isNetworkWrong(error) || attempt === 3) {
        const failure = meant(error, order.hostPorts)
        throw failure instanceof PortTaken && isHeldByEngine(error) ? await holderOf(engine, failure) : failure
      }
      await networks.renew(order.member, id)
    }
  }
}

/**
 * An engine that was killed in the middle of a start may hold the port for nobody when it is back (seen on 20.10): it
 * restores the endpoint with its port and then drops the endpoint alone. No call of its API, and neither another network
 * nor another container, frees the port; its next start has nothing to restore.
 */
async function holderOf({ client }: Engine, taken: PortTaken): Promise<PortTaken> {
  const publish = taken.ports.map(String)
  const holders = await client.ask('list its containers', (abortSignal) => client.docker.listContainers({ filters: { publish }, abortSignal }))
  if (holders.length > 0) return taken
  return new PortTaken(taken.ports, `The engine holds host port ${publish.join(', ')} for nobody since it crashed: an admin has to restart it.`)
}
