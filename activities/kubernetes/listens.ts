/** Whether something listens in a pod itself, whatever its node port says: asked of its kubelet, as `kubectl port-forward` does. */
import { PassThrough, Writable } from 'node:stream'
import { PortForward, type V1Pod } from '@kubernetes/client-node'
import { within } from '../deadline.ts'
import type { Client } from './client.ts'
import { nowhere } from './nowhere.ts'

/** A kubelet that could not connect says so at once; one that could says nothing. */
const quietMs = 1_500, longestMs = 5_000

/** On the pod's loopback or on all of its addresses. Undefined when nobody says so: no right, or a stream that is not taken. */
export function listens({ kube }: Pick<Client, 'kube'>, { metadata }: V1Pod, port: number): Promise<boolean | undefined> {
  const { namespace = '', name = '' } = metadata ?? {}, nothing = new PassThrough()
  return within({ who: 'The cluster', what: 'open a port', ms: longestMs }, (signal) => new Promise<boolean | undefined>((done) => {
    const trouble = new Writable({ write(said: Buffer, _encoding, next) {
      if (said.length > 0) done(/refused/i.test(said.toString()) ? false : undefined)
      next()
    } })
    const opening = new PortForward(kube).portForward(namespace, name, [port], nowhere(), trouble, nothing)
    const close = () => void opening.then((socket) => { if ('close' in socket) socket.close() }, () => undefined)
    signal.addEventListener('abort', close, { once: true })
    opening.then((socket) => {
      if ('on' in socket) socket.on('close', () => done(undefined))
      setTimeout(() => done(true), quietMs)
    }, () => done(undefined))
  }).finally(() => nothing.destroy())).catch(() => undefined)
}
