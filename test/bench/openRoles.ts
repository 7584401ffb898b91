/** The roles of `open_1000` and `kube_100`, in a process of their own so that its memory is theirs. It ends with the bench. */
import { installRuntime } from '../../worker/runtime.ts'
import { clusterIn } from './clusterHost.ts'
import { startSmall } from './small.ts'

export interface RolesOrder {
  readonly address: string
  readonly namespace: string
  /** Key of the payloads, base64. */
  readonly secret: string
  /** Lends on this cluster instead of in memory. */
  readonly kubeconfig?: string
}

const { address, namespace, secret, kubeconfig } = JSON.parse(process.argv[2]!) as RolesOrder
installRuntime({ level: 'ERROR' })
const stop = await startSmall({
  address, namespace, ring: { current: 'k', keys: new Map([['k', Buffer.from(secret, 'base64')]]) }, entitlement: { warnMs: [30_000] },
  ...(kubeconfig !== undefined && { lend: await clusterIn(kubeconfig) }),
})
process.on('message', (word) => {
  if (word === 'stop') void stop().then(() => process.exit())
  else {
    globalThis.gc?.()
    process.send!('collected')
  }
})
process.on('disconnect', () => process.exit(1))
process.send!('up')
