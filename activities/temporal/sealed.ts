/** What stands in a history or a description, opened with the keys of the worker's own client. Works inside an activity. */
import { Context } from '@temporalio/activity'
import type { Payload } from '@temporalio/common'

export const converters = () => Context.current().client.options.loadedDataConverter

export async function unseal(payload: Payload): Promise<Payload> {
  let open = [payload]
  for (const codec of [...converters().payloadCodecs].reverse()) open = await codec.decode(open)
  return open[0]!
}
