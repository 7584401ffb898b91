/** What it costs to watch a host full of leases: real containers, the watch's own loop, every signal counted. */
import { performance } from 'node:perf_hooks'
import Docker from 'dockerode'
import { MockActivityEnvironment } from '@temporalio/testing'
import { randomBytes } from 'node:crypto'
import { createDocker } from '../../activities/docker/docker.ts'
import { reserved } from '../../activities/labels.ts'
import { containerLabels, containerName } from '../../activities/docker/labels.ts'
import { createPulse } from '../../activities/idle/pulse.ts'
import { createMarks } from '../../activities/mark.ts'
import { createWatch } from '../../activities/steps/watch.ts'
import type { Words } from '../../activities/temporal/words.ts'
import { toolsImage } from '../../worker/embedded/image.ts'
import { freeSubnet } from '../../worker/embedded/subnet.ts'
import type { Living, StartOrder } from '../../workflows/ports.ts'
import { defaultWatchClocks } from '../../workflows/rules/clocks.ts'

export interface WatchBench {
  /** Socket of an engine that has the demo images. */
  readonly socketPath: string
  /** Default 100. */
  readonly containers?: number
  /** How long the watch is measured; default 30 s. */
  readonly forMs?: number
}

const host = 'bench'

/** Sleepers that bear the marks of an instance of their own; removed when `work` ends. */
async function withSleepers<T>({ socketPath, containers = 100 }: WatchBench, work: (at: {
  readonly runtime: ReturnType<typeof createDocker>
  readonly living: readonly Living[]
}) => Promise<T>): Promise<T> {
  const instance = `b${randomBytes(4).toString('hex')}`, marks = createMarks({ instance, secret: randomBytes(32) }), docker = new Docker({ socketPath })
  const runtime = createDocker({ engine: { socketPath }, marks, host, address: '127.0.0.1', range: freeSubnet(24), control: [], wall: 'none' })
  const living: Living[] = []
  try {
    for (let i = 0; i < containers; i++) {
      const order: StartOrder = {
        key: `k${i}`, number: 1, member: 'bench', hostPorts: [], spec: { image: 'tools', reference: toolsImage, cpu: 0.1, memory: 8 << 20, ports: [] },
      }
      const made = await docker.createContainer({
        name: containerName(marks, order), Image: toolsImage, Cmd: ['/bin/sleep', '100000'], Labels: { ...containerLabels(marks, host, order) },
        HostConfig: { NetworkMode: 'bridge', Memory: 8 << 20 },
      })
      await made.start()
      living.push({ id: made.id, pid: (await made.inspect()).State.Pid })
    }
    return await work({ runtime, living })
  } finally {
    const left = await docker.listContainers({ all: true, filters: { label: [`${reserved.instance}=${instance}`] } })
    for (const { Id } of left) await docker.getContainer(Id).remove({ force: true })
    runtime.close()
  }
}

export interface WatchCpu {
  readonly containers: number
  /** Percent of one core that this process used for the watch, with the clocks that Berth has by default. */
  readonly watchCpu: number
  /** The same process without a watch, for as long. */
  readonly idleCpu: number
}

/** Cpu of the watch once it has met all containers: its listings, readings, evidence and words; words go nowhere. */
export async function measureWatchCpu(options: WatchBench): Promise<WatchCpu> {
  const { forMs = 30_000 } = options
  return await withSleepers(options, async ({ runtime, living }) => {
    const words: Words = {
      readyLeases: () => Promise.resolve(new Map(living.map((_, i) => [`k${i}`, `lease:k${i}`]))), say: () => Promise.resolve('told'),
      status: () => Promise.resolve(undefined),
    }
    const idleCpu = await cpuWhile(() => pause(forMs))
    const watch = createWatch({ eyes: runtime.eyes, pulse: createPulse(), own: { isOwn: () => false, hasRestarted: () => false }, words })
    const activity = new MockActivityEnvironment({ activityType: 'watchHost' })
    const clocks = { ...defaultWatchClocks, quietMs: 1_000 } // so that the dear readings are among them
    const watching = activity.run(watch.steps.watchHost, { host, number: 1, clocks }) as Promise<unknown>
    await pause(25_000) // the first rounds look every container up
    const watchCpu = await cpuWhile(() => pause(forMs))
    watch.close()
    await watching
    return { containers: living.length, watchCpu, idleCpu }
  })
}

export interface IdleRead {
  readonly containers: number
  /** Milliseconds for the cheap signals of one container, over all of them. */
  readonly perContainer: number
  /** Cpu milliseconds of it, which a busy machine does not stretch. */
  readonly cpuPerContainer: number
}

/** The median round of `rounds` over all containers. */
export async function measureIdleRead(options: WatchBench & { readonly rounds?: number }): Promise<IdleRead> {
  const { rounds = 50 } = options
  return await withSleepers(options, async ({ living }) => {
    const pulse = createPulse(), times: number[] = []
    let cpu = process.cpuUsage()
    for (let round = 0; round <= rounds; round++) {
      const began = performance.now()
      for (const one of living) if (await pulse.beat(one) === 'gone') throw new Error('A sleeper is gone.')
      if (round > 0) times.push((performance.now() - began) / living.length) // the first finds the files
      else cpu = process.cpuUsage()
    }
    const { user, system } = process.cpuUsage(cpu)
    return { containers: living.length, perContainer: times.sort((a, b) => a - b)[Math.floor(times.length / 2)]!, cpuPerContainer: (user + system) / 1e3 / rounds / living.length }
  })
}

const pause = (ms: number) => new Promise<void>((done) => setTimeout(done, ms))

async function cpuWhile(work: () => Promise<void>): Promise<number> {
  const cpu = process.cpuUsage(), began = performance.now()
  await work()
  const { user, system } = process.cpuUsage(cpu)
  return (user + system) / 10 / (performance.now() - began)
}
