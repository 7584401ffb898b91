import { afterEach, expect, inject, test } from 'vitest'
import { execFileSync, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import Dockerode from 'dockerode'
import { engine, loneEngine, type LoneEngine } from '../../worker/embedded/engine.ts'
import { mountsBelow } from '../../worker/embedded/dockerd/leftovers.ts'
import { buildImages, toolsImage, webImage } from '../../worker/embedded/image.ts'
import { freePort } from '../../worker/embedded/port.ts'
import { processesWith, until } from './folder.ts'

const cleanUps: (() => Promise<unknown>)[] = []
afterEach(async () => { for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp() }, 120_000)

async function lone(): Promise<LoneEngine> {
  const it = await loneEngine()
  cleanUps.push(() => it.stop())
  await buildImages(it.socketPath)
  return it
}

/** A page on a network of its own, at a port of this machine. */
async function runPage(socketPath: string): Promise<{ id: string; port: number; network: string }> {
  const docker = new Dockerode({ socketPath }), port = await freePort()
  const network = await docker.createNetwork({ Name: `berth-embedded-${port}` })
  const container = await docker.createContainer({
    Image: webImage, ExposedPorts: { '80/tcp': {} },
    HostConfig: {
      PortBindings: { '80/tcp': [{ HostPort: String(port) }] }, NetworkMode: network.id, RestartPolicy: { Name: 'always' },
      CapDrop: ['ALL'], CapAdd: ['NET_BIND_SERVICE'],
    },
  })
  await container.start()
  return { id: container.id, port, network: network.id }
}

const page = async (port: number) => (await fetch(`http://127.0.0.1:${port}`)).text()

/** What an engine in this folder has left: processes, mounts, bridges, rules, the folder itself. */
function leftOf(socketPath: string, networks: string[] = []): unknown[] {
  const dir = dirname(socketPath), bridges = [`berth${dir.slice(-6)}`, ...networks.map((id) => `br-${id.slice(0, 12)}`)]
  const rules = execFileSync('iptables-save', { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).split('\n')
  return [
    ...processesWith(dir), ...mountsBelow(dir), ...bridges.filter((bridge) => existsSync(`/sys/class/net/${bridge}`)),
    ...rules.filter((rule) => bridges.some((bridge) => rule.includes(bridge))), ...(existsSync(dir) ? [dir] : []),
  ]
}

test('the run’s engine has both images: one says hello, the other is a shell', async () => {
  const socketPath = inject('engine'), docker = new Dockerode({ socketPath })
  const { id, port, network } = await runPage(socketPath)
  cleanUps.push(() => docker.getNetwork(network).remove(), () => docker.getContainer(id).remove({ force: true }))
  expect(await page(port)).toContain('Hello from Berth')
  const shell = await docker.createContainer({ Image: toolsImage, Cmd: ['sh', '-c', 'echo $((6 * 7)) | tr 4 x'] })
  cleanUps.push(() => shell.remove({ force: true }))
  await shell.start()
  await until('the shell ends', async () => !(await shell.inspect()).State.Running)
  expect(String(await shell.logs({ stdout: true }))).toContain('x2')
})

test('an engine that runs is joined, and lives on when one of its users leaves', async () => {
  const socketPath = inject('engine')
  const again = await engine()
  expect(again.socketPath).toBe(socketPath)
  await again.stop()
  expect(await new Dockerode({ socketPath }).ping()).toBeTruthy()
})

test('an engine of ours is killed and started again, and its containers come back at their ports', async () => {
  const it = await lone()
  const { port } = await runPage(it.socketPath)
  await it.kill()
  await expect(new Dockerode({ socketPath: it.socketPath }).ping()).rejects.toThrow()
  await it.start()
  await until('the page is back', () => page(port).then((text) => text.includes('Hello'), () => false))
  await it.shutDown()
  await it.start()
  await until('the page is back again', () => page(port).then((text) => text.includes('Hello'), () => false))
}, 180_000)

test('an engine of ours leaves no process, mount, bridge, rule or folder when it is stopped', async () => {
  const it = await lone()
  const { network } = await runPage(it.socketPath)
  expect(leftOf(it.socketPath, [network])).not.toEqual([])
  await it.stop()
  expect(leftOf(it.socketPath, [network])).toEqual([])
})

test('nor does one that was killed before', async () => {
  const it = await lone()
  const { network, port } = await runPage(it.socketPath)
  await it.kill()
  await it.stop()
  expect(leftOf(it.socketPath, [network])).toEqual([])
  await expect(page(port)).rejects.toThrow()
})

test('nor does one whose owner was killed with -9', async () => {
  const owner = spawn(process.execPath, ['--input-type=module', '-e', `
    import { loneEngine } from '${new URL('../../worker/embedded/engine.ts', import.meta.url).href}'
    console.log((await loneEngine()).socketPath)
    setInterval(() => {}, 1000)`], { stdio: ['ignore', 'pipe', 'inherit'] })
  cleanUps.push(async () => owner.kill('SIGKILL'))
  const socketPath = await new Promise<string>((done) => owner.stdout.once('data', (chunk) => done(String(chunk).trim())))
  await buildImages(socketPath)
  const { network } = await runPage(socketPath)
  owner.kill('SIGKILL')
  await until('all is gone', () => leftOf(socketPath, [network]).length === 0)
  expect(leftOf(socketPath, [network])).toEqual([])
})

test('an engine elsewhere than on this machine is refused with a reason', async () => {
  process.env['DOCKER_HOST'] = 'tcp://127.0.0.1:2375'
  cleanUps.push(async () => { delete process.env['DOCKER_HOST'] })
  await expect(engine()).rejects.toThrow(/must be a Unix socket/)
})
