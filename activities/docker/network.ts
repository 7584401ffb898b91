/** One bridge network per account: its leases see each other and nobody else's (the wall keeps the rest). */
import type { NetworkInspectInfo } from 'dockerode'
import type { Marks } from '../mark.ts'
import type { Client } from './client.ts'
import { saidBy, statusOf } from './failures.ts'
import { readMark, reserved } from '../labels.ts'
import { networkLabels, networkName } from './labels.ts'
import { formatBlock, freeSubnet, parseBlock, type Block } from './subnets.ts'

export interface Networks {
  /** Makes sure of the account's network, and keeps `release` off it while `work` runs. */
  use<T>(member: string, work: (network: string) => Promise<T>): Promise<T>
  /**
   * Makes sure of it anew, for a container that could not start: it went away, or stands there twice. A container that
   * ran before holds on to the network's old id (dockerd 20.10), so it is plugged in again.
   */
  renew(member: string, container: string): Promise<void>
  /** What was known of it is in doubt; without a member, of all. */
  forget(member?: string): void
  /** Removes it when no lease of the account is left on this engine. */
  release(member: string): Promise<void>
}

export interface NetworksOptions {
  readonly client: Client
  readonly marks: Marks
  readonly host: string
  /** IPv4 range of this host's accounts, cut into blocks of /27. */
  readonly range: string
}

export function createNetworks({ client, marks, host, range }: NetworksOptions): Networks {
  const { docker, ask } = client
  const known = new Map<string, Promise<void>>(), users = new Map<string, number>()
  const refused: Block[] = []
  let used: Promise<Block[]> | undefined

  /** Blocks that the engine's networks hold, ours or not. */
  async function readUsed(): Promise<Block[]> {
    const networks = await ask('list its networks', (abortSignal) => docker.listNetworks({ abortSignal }))
    return networks.flatMap(blocksOf)
  }

  /** Takes a free block before the engine is asked, so that two accounts of this process never ask for the same. */
  async function takeBlock(): Promise<Block> {
    const blocks = await (used ??= readUsed())
    const block = freeSubnet(parseBlock(range), [...blocks, ...refused])
    if (!block) throw new Error(`The range ${range} has no free network left for another account.`)
    blocks.push(block)
    return block
  }

  async function ensure(member: string): Promise<void> {
    for (let attempt = 0; attempt < 100; attempt++) {
      const block = await takeBlock()
      try {
        await create(member, block)
      } catch (error) {
        used = undefined
        if (isOverlap(error)) {
          // Somebody was faster, or the engine knows a reason that its list does not show.
          if (attempt > 0) refused.push(block)
          continue
        }
        if (statusOf(error) !== 409) throw error
      }
      if (await settle(member)) return
    }
    throw new Error(`No network could be made for an account in ${range}.`)
  }

  function create(member: string, block: Block) {
    return ask('make a network', (abortSignal) => docker.createNetwork({
      Name: networkName(marks, member),
      CheckDuplicate: true,
      Driver: 'bridge',
      EnableIPv6: false,
      Labels: { ...networkLabels(marks, host, member) },
      IPAM: { Driver: 'default', Config: [{ Subnet: formatBlock(block) }] },
      abortSignal,
    }), { ms: 30_000 })
  }

  /** Engines let one name stand twice when two make it at once: the oldest stays. False when there is none after all. */
  async function settle(member: string): Promise<boolean> {
    const name = networkName(marks, member), found = await byName(name)
    const ours = found.filter((network) => isOurs(network, name)).sort(byAge)
    if (found.length > ours.length) throw new Error(`The network name ${name} is used by something that is not ours.`)
    for (const surplus of ours.slice(1)) await removeById(surplus.Id)
    return ours.length > 0
  }

  async function byName(name: string): Promise<NetworkInspectInfo[]> {
    const filters = { name: [name] }
    const found = await ask('list its networks', (abortSignal) => docker.listNetworks({ filters, abortSignal }))
    // The engine's filter also matches parts of a name.
    return found.filter((network) => network.Name === name)
  }

  const isOurs = ({ Labels: labels }: NetworkInspectInfo, name: string) =>
    readMark(marks, labels, { name, host })?.kind === 'account'

  async function removeById(id: string): Promise<void> {
    try {
      await ask('remove a network', (abortSignal) => docker.getNetwork(id).remove({ abortSignal }), { ms: 30_000 })
    } catch (error) {
      // 403: something still stands in it, so it was not the last after all.
      if (statusOf(error) !== 404 && statusOf(error) !== 403) throw error
    }
  }

  async function hasLeases(account: string): Promise<boolean> {
    const filters = { label: [`${reserved.account}=${account}`] }
    const found = await ask('list its containers', (abortSignal) => docker.listContainers({ all: true, filters, abortSignal }))
    return found.some(({ Labels: labels, Names }) =>
      readMark(marks, labels, { name: (Names[0] ?? '').slice(1), host }) !== undefined)
  }

  const ensured = (member: string): Promise<void> => {
    const account = marks.accountKey(member)
    const now = known.get(account) ?? ensure(member).catch((error: unknown) => {
      known.delete(account)
      throw error
    })
    known.set(account, now)
    return now
  }

  return {
    async use(member, work) {
      const account = marks.accountKey(member)
      users.set(account, (users.get(account) ?? 0) + 1)
      try {
        await ensured(member)
        return await work(networkName(marks, member))
      } finally {
        const left = (users.get(account) ?? 1) - 1
        if (left > 0) users.set(account, left)
        else users.delete(account)
      }
    },

    async renew(member, container) {
      known.delete(marks.accountKey(member))
      await ensured(member)
      const network = docker.getNetwork(networkName(marks, member)), Container = container
      await ask('unplug a container', () => network.disconnect({ Container, Force: true })).catch(unlessUnplugged)
      await ask('plug a container in', () => network.connect({ Container })).catch(unlessPlugged)
    },

    forget(member) {
      used = undefined
      if (member === undefined) known.clear()
      else known.delete(marks.accountKey(member))
    },

    async release(member) {
      const account = marks.accountKey(member), name = networkName(marks, member)
      if (users.has(account) || await hasLeases(account)) return
      known.delete(account)
      for (const network of await byName(name)) {
        // A start of this process may have begun while we asked: it will want the network.
        if (users.has(account)) return
        if (isOurs(network, name)) await removeById(network.Id)
      }
      used = undefined
    },
  }
}

const blocksOf = ({ IPAM }: NetworkInspectInfo): Block[] => (IPAM?.Config ?? []).flatMap(({ Subnet }) => {
  return Subnet && !Subnet.includes(':') ? [parseBlock(Subnet)] : []
})

const byAge = (a: NetworkInspectInfo, b: NetworkInspectInfo) => a.Created.localeCompare(b.Created) || a.Id.localeCompare(b.Id)

/** Two tries at once mend the same container: the other one was faster. */
function unlessUnplugged(error: unknown): void {
  if (!/is not connected/.test(saidBy(error))) throw error
}

function unlessPlugged(error: unknown): void {
  if (!/already (exists|attached|connected)/.test(saidBy(error))) throw error
}

const isOverlap = (error: unknown) => /overlap/i.test(saidBy(error))
