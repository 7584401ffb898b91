/** Payloads as JSON (proto3 JSON: bytes are base64), as Temporal's codec protocol sends them. */
import type { Payload } from '@temporalio/common'

export interface WirePayload {
  readonly metadata?: Readonly<Record<string, string>>
  readonly data?: string
}

export const fromWire = ({ metadata, data }: WirePayload): Payload => ({
  metadata: Object.fromEntries(Object.entries(metadata ?? {}).map(([name, value]) => [name, Buffer.from(value, 'base64')])),
  ...(data !== undefined && { data: Buffer.from(data, 'base64') }),
})

export const toWire = ({ metadata, data }: Payload): WirePayload => ({
  metadata: Object.fromEntries(Object.entries(metadata ?? {}).map(([name, value]) => [name, Buffer.from(value).toString('base64')])),
  ...(data && { data: Buffer.from(data).toString('base64') }),
})
