/**
 * Ends what members have opened in an account's pods. The API has no call for that: a stream lives as long as what it leads
 * to. So every pod is replaced. A program that does not heed SIGTERM would live on for 2 s, whatever grace is asked for
 * (kubelet, minimumGracePeriodInSeconds), so everything in it is killed from inside too, where the image has a shell for it.
 */
import { Exec, type V1Pod } from '@kubernetes/client-node'
import { within } from '../deadline.ts'
import type { Client } from './client.ts'
import { nowhere } from './nowhere.ts'
import { isLeaving } from './object.ts'
import { type Owner, instanceSelector, kindOf, namespaceOf } from './labels.ts'
import { stateOf } from './pod.ts'

/** What is not killed by then goes with its pod. */
const killMs = 500

export interface Here extends Owner {
  readonly client: Client
}

/** Answers how many pods are replaced: what makes pods makes them again, with nothing of their files. */
export async function hangUp(here: Here, member: string): Promise<number> {
  const { client } = here, pods = await podsOf(here, member), [namespace, labelSelector] = [namespaceOf(here, member), instanceSelector(here)]
  // Until its pod is gone a container can be reached; from here on the watch takes what dies in it for nobody's death.
  await client.ask('remove pods', ({ core }) => core.deleteCollectionNamespacedPod({ namespace, labelSelector, gracePeriodSeconds: 1 }))
  await killIn(here, pods)
  return pods.length
}

/** For pods that somebody removes in a moment. */
export async function hushUp(here: Here, member: string): Promise<void> {
  await killIn(here, await podsOf(here, member))
}

async function podsOf(here: Here, member: string): Promise<readonly V1Pod[]> {
  const pods = await here.client.list<V1Pod>(kindOf('Pod'), { namespace: namespaceOf(here, member), labels: instanceSelector(here) })
  return pods.filter((pod) => !isLeaving(pod))
}

async function killIn({ client }: Here, pods: readonly V1Pod[]): Promise<void> {
  const running = pods.filter((pod) => stateOf(pod).is === 'running')
  await Promise.all(running.map((pod) => runIn(client, pod, kill).catch(() => undefined)))
}

/** -1 is everything that this user may signal, but the shell itself. */
const kill = ['sh', '-c', 'kill -9 -1']

async function runIn({ kube }: Client, { metadata, spec }: V1Pod, command: string[]): Promise<void> {
  const { namespace = '', name = '' } = metadata ?? {}
  await within({ who: 'The cluster', what: 'run a command', ms: killMs }, (signal) => new Promise<void>((done, fail) => {
    const opening = new Exec(kube).exec(namespace, name, spec?.containers[0]?.name ?? '', command, nowhere(), nowhere(), null, false, () => done())
    signal.addEventListener('abort', () => void opening.then((socket) => socket.close(), () => undefined), { once: true })
    // What it rejects with is an event of the socket, which may name an address.
    opening.then((socket) => socket.on('close', () => done()), () => fail(new Error('The cluster ran no command.')))
  }))
}
