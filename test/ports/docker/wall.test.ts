import { randomBytes } from 'node:crypto'
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createDocker } from '../../../activities/docker/docker.ts'
import { decideWall, restoreText } from '../../../activities/docker/wall.ts'
import { createMarks } from '../../../activities/mark.ts'
import { addressIn, freeSubnet } from '../../../worker/embedded/subnet.ts'
import { newOrder, signs } from '../runtime.suite.ts'
import { freePort, openLab, runInside, web, type Lab } from './lab.ts'

const plain = { instance: 'one', range: '10.201.0.0/16', control: [], address: '192.0.2.7', dns: [] }

describe('the rules of the wall', () => {
  it('reject other accounts, metadata, control addresses and the host\'s public address, and pass the rest', () => {
    const { through, inward } = decideWall({ ...plain, control: ['198.51.100.0/24', '203.0.113.9'] })
    const reject = '-j REJECT --reject-with icmp-admin-prohibited'
    expect(through).toEqual({
      chain: 'BERTH-F-one',
      rules: [
        '! -s 10.201.0.0/16 -j RETURN',
        '-m conntrack --ctstate ESTABLISHED,RELATED -j RETURN',
        '-m physdev --physdev-is-bridged -j RETURN',
        ...['10.201.0.0/16', '169.254.0.0/16', '198.51.100.0/24', '203.0.113.9/32', '192.0.2.7/32'].map((to) => `-d ${to} ${reject}`),
      ],
    })
    expect(inward.rules.at(-1)).toBe(reject)
  })

  it('pass a nameserver of the leases at port 53 only, before anything is rejected', () => {
    const { through, inward } = decideWall({ ...plain, control: ['10.0.0.53'], dns: ['10.0.0.53'] })
    for (const { rules } of [through, inward]) {
      const pass = rules.indexOf('-d 10.0.0.53 -p udp --dport 53 -j RETURN')
      expect(pass).toBeGreaterThan(0)
      expect(pass).toBeLessThan(rules.findIndex((rule) => rule.includes('REJECT')))
    }
  })

  it('do not wall off everything when the host binds on every address', () => {
    expect(decideWall({ ...plain, address: '0.0.0.0' }).through.rules.join('\n')).not.toContain('0.0.0.0')
  })

  it('keep chain names within what iptables takes, and apart by instance', () => {
    const names = ['a'.repeat(40), 'a'.repeat(41)].map((instance) => decideWall({ ...plain, instance }).through.chain)
    expect(names[0]!.length).toBeLessThanOrEqual(28)
    expect(names[0]).not.toBe(names[1])
  })

  it('refuse what is no address', () => {
    expect(() => decideWall({ ...plain, control: ['temporal.example'] })).toThrow('"temporal.example" is not an IPv4 range.')
    expect(() => decideWall({ ...plain, control: ['10.0.0.256'] })).toThrow('not an IPv4 range')
  })

  it('go up in one step', () => {
    const text = restoreText(decideWall(plain))
    expect(text).toMatch(/^\*filter\n:BERTH-F-one - \[0:0\]\n:BERTH-I-one - \[0:0\]\n-A BERTH-F-one [^]*\nCOMMIT\n$/)
  })
})

describe('a host that cannot have a wall', () => {
  const options = {
    engine: { host: 'engine.example', port: 2376, ca: '', cert: '', key: '' }, host: 'h1', range: '10.201.0.0/16', control: [],
    marks: createMarks({ instance: 'one', secret: randomBytes(32) }),
  }

  it('lends only when somebody says so', () => {
    expect(() => createDocker(options)).toThrow(/another machine.*Only wall: 'none'/)
    const waived = createDocker({ ...options, wall: 'none' })
    waived.close()
    expect(waived).toHaveProperty('start')
  })
})

describe('a lease behind the wall', () => {
  const world = outside()
  let lab: Lab, server: Server, mine: Inside, neighbour: Inside, stranger: Inside

  beforeAll(async () => {
    await world.begin()
    server = createServer((socket) => socket.end()).listen(0, '0.0.0.0')
    await new Promise((done) => server.once('listening', done))
    lab = openLab({ address: world.host, control: [world.control] })
    const page = async (member: string) => {
      const one = newOrder(web, [await freePort()], { member }), { id } = await lab.runtime.start(one, signs())
      const { IPAddress, Gateway } = Object.values((await lab.docker.getContainer(id).inspect()).NetworkSettings.Networks)[0]!
      return { id, address: IPAddress, gateway: Gateway, hostPort: one.hostPorts[0]! }
    }
    mine = await page('mika')
    neighbour = await page('mika')
    stranger = await page('noor')
  })
  afterAll(async () => {
    server.close()
    await lab.close()
    await world.end()
  })

  const reaches = async (address: string, port: number) => {
    const { said } = await runInside(lab.docker, mine.id, ['/bin/sh', '-c', `nc -w 3 ${address} ${port} </dev/null && echo open || echo shut`])
    return said.trim().split(/\s+/).at(-1) === 'open'
  }
  /** What a lease must not reach, and could without the wall. */
  const forbidden = () => {
    const { port } = server.address() as AddressInfo
    return {
      'the host at its gateway': [mine.gateway, port],
      'the host at another address of its own': [world.host, port],
      'the engine\'s bridge of another account': [stranger.gateway, port],
      'a control address': [world.control, world.port],
      'the metadata address': [world.metadata, world.port],
      'another account\'s lease at its published port': [world.host, stranger.hostPort],
    } satisfies Record<string, [string, number]>
  }

  it('does not reach the host, control and metadata addresses, or other accounts', async () => {
    for (const [what, [address, port]] of Object.entries(forbidden())) expect([what, await reaches(address, port)]).toEqual([what, false])
    // The engine keeps accounts apart here as well, so that this one stays shut without our wall.
    expect(await reaches(stranger.address, 80)).toBe(false)
  })

  it('reaches the outside, and the other leases of its account', async () => {
    expect(await reaches(world.free, world.port)).toBe(true)
    expect(await reaches(neighbour.address, 80)).toBe(true)
  })

  it('answers whoever asks it, from the host and from outside', async () => {
    const url = `http://${world.host}:${mine.hostPort}/`
    expect(await (await fetch(url)).text()).toContain('Hello from Berth')
    expect(world.fetch(url)).toContain('Hello from Berth')
  })

  it('has no IPv6 address to go around it', async () => {
    const { said } = await runInside(lab.docker, mine.id, ['/bin/ip', '-6', 'addr', 'show', 'dev', 'eth0'])
    expect(said).not.toContain('inet6')
  })

  it('stays behind one wall when workers start again, and one that was torn comes back with the next', async () => {
    const rules = () => execFileSync('iptables', ['-S'], { encoding: 'utf8' }).split('\n').filter((rule) => rule.includes(lab.instance))
    const before = rules()
    await lab.open().prepare()
    expect(rules()).toEqual(before)
    execFileSync('iptables', ['-F', `BERTH-I-${lab.instance}`])
    expect(await reaches(world.host, (server.address() as AddressInfo).port)).toBe(true)
    await lab.open().prepare()
    expect(rules().sort()).toEqual(before.sort())
  })

  it('would reach all of it once the wall is down', async () => {
    await lab.runtime.unwall()
    expect(execFileSync('iptables', ['-S'], { encoding: 'utf8' })).not.toContain(lab.instance)
    for (const [what, [address, port]] of Object.entries(forbidden())) expect([what, await reaches(address, port)]).toEqual([what, true])
  })
})

interface Inside {
  readonly id: string
  readonly address: string
  readonly gateway: string
  readonly hostPort: number
}

/** A network namespace that stands for whatever is beyond this machine: a control, a metadata and an ordinary address. */
function outside() {
  const name = `b${randomBytes(4).toString('hex')}`, net = freeSubnet(28)
  const [host, control, free] = [1, 2, 3].map((place) => addressIn(net, place)) as [string, string, string]
  const metadata = '169.254.169.254', port = 8080
  const ip = (...args: string[]) => void execFileSync('ip', args)
  let listener: ChildProcess | undefined
  return {
    host, control, free, metadata, port,
    async begin() {
      ip('netns', 'add', name)
      ip('link', 'add', name, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name)
      ip('addr', 'add', `${host}/28`, 'dev', name)
      ip('link', 'set', name, 'up')
      for (const address of [`${control}/28`, `${free}/28`, `${metadata}/32`]) ip('-n', name, 'addr', 'add', address, 'dev', 'eth0')
      ip('-n', name, 'link', 'set', 'eth0', 'up')
      ip('-n', name, 'route', 'add', 'default', 'via', host)
      ip('route', 'add', metadata, 'dev', name)
      const script = `require('node:net').createServer((s) => s.end()).listen(${port}, '0.0.0.0', () => console.log('up'))`
      const child = spawn('ip', ['netns', 'exec', name, process.execPath, '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
      listener = child
      await once(child.stdout, 'data')
    },
    /** A page, asked for from outside. */
    fetch: (url: string) => execFileSync('ip', ['netns', 'exec', name, process.execPath, '-e',
      `fetch('${url}').then((page) => page.text()).then(console.log)`], { encoding: 'utf8' }),
    async end() {
      if (listener?.kill()) await once(listener, 'exit')
      ip('netns', 'del', name)
    },
  }
}
