import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { connect } from '../../../activities/docker/client.ts'
import { networkName } from '../../../activities/docker/labels.ts'
import { createNetworks } from '../../../activities/docker/network.ts'
import { formatBlock, freeSubnet, overlap, parseBlock, type Block } from '../../../activities/docker/subnets.ts'
import { host, openLab, type Lab } from './lab.ts'

describe('the blocks of a range', () => {
  it('are 2,048 in a /16, each its own, and then no more', () => {
    const range = parseBlock('10.201.0.0/16'), used: Block[] = []
    for (let i = 0; i < 2048; i++) used.push({ first: range.first + i * 32, size: 32 })
    expect(freeSubnet(range, used.slice(0, 2047))).toEqual(used[2047])
    expect(freeSubnet(range, used)).toBeUndefined()
    const given: Block[] = []
    for (let i = 0; i < 200; i++) given.push(freeSubnet(range, given)!)
    expect(new Set(given.map(formatBlock)).size).toBe(200)
    expect(given.some((one, i) => given.slice(i + 1).some((other) => overlap(one, other)))).toBe(false)
  })

  it('leave out whatever a foreign network covers, and fill the gap that one left', () => {
    const range = parseBlock('10.201.0.0/24'), used = ['10.201.0.0/26', '10.201.0.72/30', '10.201.0.128/25', '172.17.0.0/16'].map(parseBlock)
    expect(formatBlock(freeSubnet(range, used)!)).toBe('10.201.0.96/27')
    expect(freeSubnet(range, [parseBlock('10.0.0.0/8')])).toBeUndefined()
  })

  it('are read as the engine writes them', () => {
    expect(formatBlock(parseBlock('10.201.3.77/20'))).toBe('10.201.0.0/20')
    expect(formatBlock(parseBlock('255.255.255.255'))).toBe('255.255.255.255/32')
    for (const wrong of ['10.201.0.0/33', '10.201.0', 'fd00::/8', '10.201.0.0/', '']) expect(() => parseBlock(wrong)).toThrow('not an IPv4 range')
  })
})

describe('networks of accounts', () => {
  let lab: Lab
  beforeAll(() => {
    lab = openLab()
  })
  afterAll(() => lab.close())

  const open = () => {
    const client = connect({ socketPath: inject('engine') })
    return { close: () => client.close(), ...createNetworks({ client, marks: lab.marks, host, range: lab.range }) }
  }
  const ours = async () => (await lab.runtime.list()).filter(({ what }) => what === 'network')

  it('exist for 100 accounts on one host, made by two workers side by side', async () => {
    const workers = [open(), open()]
    const members = Array.from({ length: 100 }, (_, i) => `member${i}`)
    const made: string[] = []
    // As many at once as a host has lanes: an engine that is asked for a hundred bridges at once answers late.
    const lane = async (worker: (typeof workers)[number]) => {
      for (let member = members.pop(); member; member = members.pop()) made.push(await worker.use(member, async (network) => network))
    }
    await Promise.all([...workers, ...workers].map(lane))
    expect(new Set(made).size).toBe(100)
    const subnets = (await lab.docker.listNetworks({ filters: { label: [`berth.instance=${lab.instance}`] } }))
      .map(({ IPAM }) => IPAM!.Config![0]!.Subnet!)
    expect(new Set(subnets).size).toBe(100)
    expect(subnets.every((subnet) => subnet.endsWith('/27') && overlap(parseBlock(subnet), parseBlock(lab.range)))).toBe(true)
    const removed = (await ours()).map(({ member }) => member)
    expect(removed).toHaveLength(100)
    await Promise.all(workers.map(async (worker, i) => {
      for (const member of removed.filter((_, at) => at % 2 === i)) await worker.release(member)
      worker.close()
    }))
    expect(await ours()).toEqual([])
  })

  it('are one for an account, whoever makes it at the same time, and whoever made it twice', async () => {
    const workers = Array.from({ length: 6 }, open)
    await Promise.all(workers.map((worker) => worker.use('mika', async () => {})))
    expect(await ours()).toHaveLength(1)
    // Two of one name, as an engine makes them that is not asked to check.
    const [first] = await lab.docker.listNetworks({ filters: { name: [networkName(lab.marks, 'mika')] } })
    await lab.docker.createNetwork({ Name: first!.Name, Labels: first!.Labels!, CheckDuplicate: false })
    expect(await ours()).toHaveLength(2)
    const late = open()
    await late.use('mika', async () => {})
    expect((await ours()).length).toBe(1)
    expect((await lab.docker.getNetwork(first!.Id).inspect() as { Id: string }).Id).toBe(first!.Id)
    await late.release('mika')
    expect(await ours()).toEqual([])
    for (const worker of [...workers, late]) worker.close()
  })

  it('are not removed while a start uses them', async () => {
    const worker = open()
    await worker.use('noor', async () => {
      await worker.release('noor')
      expect(await ours()).toHaveLength(1)
    })
    await worker.release('noor')
    expect(await ours()).toEqual([])
    worker.close()
  })

  it('are not taken over from somebody else', async () => {
    const name = networkName(lab.marks, 'foreign'), foreign = await lab.docker.createNetwork({ Name: name })
    const worker = open()
    try {
      await expect(worker.use('foreign', async () => {})).rejects.toThrow(`${name} is used by something that is not ours`)
      await worker.release('foreign')
      expect((await foreign.inspect() as { Name: string }).Name).toBe(name)
    } finally {
      await foreign.remove()
      worker.close()
    }
  })
})
