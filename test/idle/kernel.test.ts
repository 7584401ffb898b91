/** What the kernel's files say, on recorded trees: version 2 was not tried live. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findCpuFile, readCpu, type Kernel } from '../../activities/idle/cgroup.ts'
import { sentIn, socketsIn } from '../../activities/idle/network.ts'
import { peersIn } from '../../activities/idle/peers.ts'
import { createPulse } from '../../activities/idle/pulse.ts'
import { remotePulse } from '../../activities/idle/remote.ts'

const id = '4f1d0c6a0b9e', pid = 4242
let root: string, kernel: Kernel
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'berth-kernel-'))
  kernel = { proc: join(root, 'proc'), cgroup: join(root, 'cgroup') }
})
afterEach(() => rm(root, { recursive: true, force: true }))
const record = async (files: Record<string, string>) => {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), text)
  }
}

const v1 = {
  [`proc/${pid}/cgroup`]: `9:name=systemd:/docker/${id}\n2:cpuacct:/docker/${id}\n1:cpu:/docker/${id}\n0::/\n`,
  [`cgroup/cpuacct/docker/${id}/cpuacct.usage`]: '1234567890\n',
}
const joint = {
  [`proc/${pid}/cgroup`]: `4:cpu,cpuacct:/docker/${id}\n0::/docker/${id}\n`,
  [`cgroup/cpu,cpuacct/docker/${id}/cpuacct.usage`]: '1234567890\n',
  [`cgroup/unified/docker/${id}/cpu.stat`]: 'usage_usec 5\n',
}
const v2 = {
  [`proc/${pid}/cgroup`]: `0::/system.slice/docker-${id}.scope\n`,
  [`cgroup/system.slice/docker-${id}.scope/cpu.stat`]: 'usage_usec 1234567\nuser_usec 1000000\nsystem_usec 234567\nnr_periods 0\nnr_throttled 0\nthrottled_usec 0\n',
}
const v2cgroupfs = { [`proc/${pid}/cgroup`]: `0::/docker/${id}\n`, [`cgroup/docker/${id}/cpu.stat`]: 'usage_usec 1234567\n' }

describe('cpu time', () => {
  it.each([['version 1', v1], ['version 1, cpu and cpuacct together', joint], ['version 2 under systemd', v2], ['version 2 under cgroupfs', v2cgroupfs]])('is read from %s', async (_, tree) => {
    await record(tree)
    expect(readCpu(findCpuFile(kernel, { id, pid })!)).toBeCloseTo(1234.567, 2)
  })

  it('of a process in another group, or without accounting, is not known', async () => {
    await record({ [`proc/${pid}/cgroup`]: '2:cpuacct:/\n0::/user.slice\n', [`cgroup/cpuacct/cpuacct.usage`]: '1\n' })
    expect(findCpuFile(kernel, { id, pid })).toBeUndefined()
  })
})

const dev = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo: 9999 10 0 0 0 0 0 0 9999 10 0 0 0 0 0 0
  eth0: 70 1 0 0 0 0 0 0 1234 12 0 0 0 0 0 0
  eth1:70 1 0 0 0 0 0 0 6 1 0 0 0 0 0 0
`
const net = {
  [`proc/${pid}/net/dev`]: dev, [`proc/${pid}/net/sockstat`]: 'sockets: used 4\nTCP: inuse 2 orphan 0 tw 0 alloc 3 mem 1\nUDP: inuse 0 mem 0\n',
  [`proc/${pid}/net/sockstat6`]: 'TCP6: inuse 1\nUDP6: inuse 0\n', [`proc/${pid}/root/dev/pts/0`]: '', [`proc/${pid}/root/dev/pts/ptmx`]: '',
}

describe('the network', () => {
  it('counts what every interface but loopback has sent, and sockets of both families', () => {
    expect(sentIn(dev)).toBe(1240)
    expect(socketsIn(net[`proc/${pid}/net/sockstat`]!, net[`proc/${pid}/net/sockstat6`]!)).toBe(3)
    expect(socketsIn('TCP: inuse 0 orphan 0\n', '')).toBe(0)
  })

  it('is not known from what is no such table', () => {
    expect(sentIn('')).toBeUndefined()
    expect(sentIn('eth0: 1 2 3\n')).toBeUndefined()
    expect(socketsIn('sockets: used 4\n', '')).toBeUndefined()
  })

  it('has the peers that ss shows, those of its own loopback left out', () => {
    const said = `0      0      172.17.0.2:80    172.17.0.1:40112
\t cubic wscale:7,7 rto:204 rtt:0.05/0.02 lastsnd:5024 lastrcv:5012 lastack:5012 rcv_space:65160
0      0      [::ffff:172.17.0.2]:80  [::ffff:10.0.0.9]:5012
\t cubic lastsnd:90 lastrcv:700 lastack:90
0      0      127.0.0.1:6379   127.0.0.1:40100
\t cubic lastsnd:1 lastrcv:1
0      0      [::1]:6379   [::1]:40100
\t cubic lastsnd:1 lastrcv:1
`
    expect(peersIn(said)).toEqual({ count: 2, lastAgeMs: 700 })
    expect(peersIn('')).toEqual({ count: 0 })
    expect(peersIn('0 0 172.17.0.2:80 172.17.0.1:40112\n\t cubic lastsnd:5024\n')).toEqual({ count: 1, lastAgeMs: 0 })
  })
})

describe('a pulse', () => {
  it('is all of it in one reading', async () => {
    await record({ ...v2, ...net })
    expect(await createPulse({ kernel }).beat({ id, pid })).toEqual({ cpuMs: 1234.567, sent: 1240, sockets: 3, terminalAges: [0] })
  })

  it('says what it cannot read', async () => {
    await record({ ...net, [`proc/${pid}/cgroup`]: '0::/\n' })
    expect(await createPulse({ kernel }).beat({ id, pid })).toEqual({ sent: 1240, sockets: 3, terminalAges: [0], why: 'its host cannot read cpu' })
  })

  it('is gone with its process or its group', async () => {
    const pulse = createPulse({ kernel })
    expect(await pulse.beat({ id, pid })).toBe('gone')
    await record({ ...v1, ...net })
    expect(await pulse.beat({ id, pid })).not.toBe('gone')
    await rm(join(root, 'cgroup'), { recursive: true })
    expect(await pulse.beat({ id, pid })).toBe('gone')
  })

  it('of a remote engine is unknown and says why', async () => {
    expect(await remotePulse.beat({ id, pid })).toEqual({ why: 'its engine is on another machine, where its use cannot be seen' })
    await expect(remotePulse.peers({ id, pid })).rejects.toThrow('another machine')
  })
})
