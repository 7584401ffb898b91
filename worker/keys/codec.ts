/**
 * All payloads under AES-256-GCM: history, queries, summaries and failures show nothing in clear to who reads the server.
 * Search attributes are never encoded (Temporal), so they hold nothing secret. Retired keys stay in the ring until
 * the retention after their last use is over; a payload whose key is gone cannot be read again.
 */
import { METADATA_ENCODING_KEY, ValueError, type Payload, type PayloadCodec } from '@temporalio/common'
// A CommonJS package whose exports Node cannot name.
import proto from '@temporalio/proto'
import { openBytes, sealBytes } from './box.ts'
import type { Keyring } from './keyring.ts'

const encoding = Buffer.from('binary/berth-aes256gcm'), keyIdField = 'berth-key-id', bound = 'berth/payload'
const Proto = proto.temporal.api.common.v1.Payload

export class PayloadBox implements PayloadCodec {
  readonly #ring: Keyring
  constructor(ring: Keyring) {
    this.#ring = ring
  }

  async encode(payloads: Payload[]): Promise<Payload[]> {
    return payloads.map((payload) => {
      const { keyId, bytes } = sealBytes(this.#ring, Proto.encode(payload).finish(), bound)
      return { metadata: { [METADATA_ENCODING_KEY]: encoding, [keyIdField]: Buffer.from(keyId) }, data: bytes }
    })
  }

  async decode(payloads: Payload[]): Promise<Payload[]> {
    return payloads.map((payload) => {
      const { metadata, data } = payload
      if (!metadata || !data || Buffer.compare(metadata[METADATA_ENCODING_KEY] ?? Buffer.alloc(0), encoding) !== 0) return payload
      const keyId = Buffer.from(metadata[keyIdField] ?? []).toString()
      const plain = openBytes(this.#ring, { keyId, bytes: Buffer.from(data) }, bound)
      if (!plain) throw new ValueError(`A payload does not open with key ${keyId}; is it missing in the key file?`)
      return Proto.decode(plain)
    })
  }
}
