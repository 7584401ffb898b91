/** The roles of `open_1000`, in a process of their own so that its memory is theirs. It ends with the bench. */
import { installRuntime } from '../../worker/runtime.ts'
import { startSmall } from './small.ts'

export interface RolesOrder {
  readonly address: string
  readonly namespace: string
  /** Key of the payloads, base64. */
  readonly secret: string
}

const { address, namespace, secret } = JSON.parse(process.argv[2]!) as RolesOrder
installRuntime({ level: 'ERROR' })
const stop = await startSmall({
  address, namespace, ring: { current: 'k', keys: new Map([['k', Buffer.from(secret, 'base64')]]) }, entitlement: { warnMs: [30_000] },
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
