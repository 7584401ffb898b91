/** Docker runtimes of their own instance and range on the run's engine, with hands on the engine itself. */
import { randomBytes } from 'node:crypto'
import { createServer } from 'node:net'
import Docker from 'dockerode'
import { inject } from 'vitest'
import { createDocker, type DockerOptions, type DockerRuntime } from '../../../activities/docker/docker.ts'
import { reserved } from '../../../activities/labels.ts'
import { createMarks, type Marks } from '../../../activities/mark.ts'
import { toolsImage, webImage } from '../../../worker/embedded/image.ts'
import { freePort } from '../../../worker/embedded/port.ts'
import { freeSubnet } from '../../../worker/embedded/subnet.ts'

export { freePort }

export const web = { image: 'web', reference: webImage, ports: [80] }
/** A shell command as a program. */
export const shell = (script: string, ports: readonly number[] = []) =>
  ({ image: 'tools', reference: toolsImage, ports, command: ['/bin/sh', '-c', script] })

export interface Lab {
  readonly docker: Docker
  readonly marks: Marks
  readonly instance: string
  readonly range: string
  readonly runtime: DockerRuntime
  /** Another runtime on the engine; by default another worker of the same instance and host. */
  open(over?: Partial<DockerOptions>): DockerRuntime
  /** Closes all, and removes what bears one of the lab's instances. */
  close(): Promise<void>
}

export const host = 'h1'

/** `bits`: size of the range; a /20 is room for 128 accounts. `socketPath`: another engine than the run's. */
export function openLab({ bits = 20, socketPath = inject('engine'), ...options }: Partial<DockerOptions> & { bits?: number; socketPath?: string } = {}): Lab {
  const docker = new Docker({ socketPath })
  const instance = `t${randomBytes(4).toString('hex')}`, marks = createMarks({ instance, secret: randomBytes(32) })
  const range = freeSubnet(bits), opened: DockerRuntime[] = [], instances = new Set<string>()
  const open = (over: Partial<DockerOptions> = {}) => {
    const one = createDocker({
      engine: { socketPath }, marks, host, address: '127.0.0.1', range, control: [], listenMs: 10_000, graceMs: { pause: 1000, remove: 1000 },
      ...options, ...over,
    })
    instances.add((over.marks ?? marks).instance)
    opened.push(one)
    return one
  }
  return {
    docker, marks, instance, range, open, runtime: open(),
    async close() {
      for (const name of instances) await sweep(docker, name)
      for (const one of opened) {
        await one.unwall()
        one.close()
      }
    },
  }
}

/** Removes whatever claims to be of an instance, marks or not: labels of a test's own making included. */
async function sweep(docker: Docker, instance: string): Promise<void> {
  const filters = { label: [`${reserved.instance}=${instance}`] }
  for (const { Id } of await docker.listContainers({ all: true, filters })) {
    await docker.getContainer(Id).remove({ force: true, v: true }).catch(unlessGone)
  }
  for (const { Id } of await docker.listNetworks({ filters })) await docker.getNetwork(Id).remove().catch(unlessGone)
  for (const { Name } of (await docker.listVolumes({ filters })).Volumes ?? []) await docker.getVolume(Name).remove().catch(unlessGone)
}

function unlessGone(error: { statusCode?: number }): void {
  if (error.statusCode !== 404 && error.statusCode !== 409) throw error
}

/** Holds a port on 127.0.0.1 until the answer is called. */
export async function occupy(port: number): Promise<() => Promise<void>> {
  const server = createServer()
  await new Promise<void>((done, fail) => server.once('error', fail).listen(port, '127.0.0.1', done))
  return () => new Promise((done) => server.close(() => done()))
}

export interface Ran {
  readonly code: number
  readonly said: string
}

/** Runs a command inside a container and waits for its end. */
export async function runInside(docker: Docker, id: string, command: readonly string[]): Promise<Ran> {
  const exec = await docker.getContainer(id).exec({ Cmd: [...command], AttachStdout: true, AttachStderr: true, Tty: true })
  const stream = await exec.start({ Tty: true })
  let said = ''
  for await (const chunk of stream) said += String(chunk)
  return { code: (await exec.inspect()).ExitCode ?? -1, said }
}
