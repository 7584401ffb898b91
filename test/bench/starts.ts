/** Hears when the container of a lease was started, without asking: asking would load what is measured. */
import Docker from 'dockerode'
import type { V1Pod } from '@kubernetes/client-node'
import { connect } from '../../activities/kubernetes/client.ts'
import { stateOf } from '../../activities/kubernetes/pod.ts'
import { reserved } from '../../activities/labels.ts'

export interface Starts {
  /** Resolves when the container of this key has been started; rejects after so long. */
  of(key: string, withinMs: number): Promise<void>
  close(): void
}

/** By the engine's events. */
export async function followEngine(socketPath: string, instance: string): Promise<Starts> {
  const filters = { type: ['container' as const], event: ['start'], label: [`${reserved.instance}=${instance}`] }
  const stream = await new Docker({ socketPath }).getEvents({ filters }) as NodeJS.ReadableStream & { destroy(): void }
  const heard = hear(() => stream.destroy())
  let rest = ''
  stream.setEncoding('utf8')
  stream.on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop()!
    for (const line of lines) heard.started((JSON.parse(line) as { Actor: { Attributes: Record<string, string> } }).Actor.Attributes[reserved.key])
  })
  return heard
}

/** By the pods' own changes; the stream is opened again when it was silent. */
export async function followCluster(kubeconfig: string, instance: string): Promise<Starts> {
  const client = connect({ kubeconfig }), closed = new AbortController()
  const heard = hear(() => {
    closed.abort()
    void client.close()
  })
  const open = (): Promise<unknown> => client.ask('show what happens', ({ watch }) => watch.watch('/api/v1/pods', { labelSelector: `${reserved.instance}=${instance}` }, (_, pod: V1Pod) => {
    if (stateOf(pod).is === 'running') heard.started(pod.metadata?.labels?.[reserved.key])
  }, () => {
    if (!closed.signal.aborted) void open()
  }).then((request) => closed.signal.addEventListener('abort', () => request.abort(), { once: true })))
  await open()
  return heard
}

function hear(close: () => void): Starts & { started(key: string | undefined): void } {
  const seen = new Map<string, PromiseWithResolvers<void>>()
  const found = (key: string) => {
    const one = seen.get(key) ?? Promise.withResolvers<void>()
    seen.set(key, one)
    return one
  }
  return {
    started: (key) => { if (key) found(key).resolve() },
    async of(key, withinMs) {
      const late = AbortSignal.timeout(withinMs)
      await Promise.race([found(key).promise, new Promise((_, fail) => {
        late.addEventListener('abort', () => fail(new Error(`No container was started for ${key} within ${withinMs / 1000} s.`)), { once: true })
      })])
      seen.delete(key)
    },
    close,
  }
}
