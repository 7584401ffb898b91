/** The data converter of every client and worker: payloads and failures under the codec. */
import { fileURLToPath } from 'node:url'
import type { DataConverter } from '@temporalio/common'
import { PayloadBox } from './codec.ts'
import type { Keyring } from './keyring.ts'

export const dataConverter = (ring: Keyring): DataConverter => ({
  payloadCodecs: [new PayloadBox(ring)],
  failureConverterPath: fileURLToPath(new URL('../../workflows/failures.ts', import.meta.url)),
})
