/** Saved histories: real runs of every kind of story, under a key that is no secret. What they tell must replay for ever. */
import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { PayloadBox } from '../../worker/keys/codec.ts'
import type { Keyring } from '../../worker/keys/keyring.ts'
import { fromWire, toWire, type WirePayload } from '../../worker/keys/wire.ts'

export const folder = join(import.meta.dirname, 'histories')

/** Of the saved histories alone: they are read by whoever reads the repository. */
export const savedRing: Keyring = { current: 'saved', keys: new Map([['saved', Buffer.alloc(32, 'saved histories')]]) }

interface SavedEvent {
  eventType: string
  [field: string]: unknown
}

export interface SavedHistory {
  readonly events: SavedEvent[]
}

/** File names: `<workflow type>.<what it tells>.json`. */
export async function savedNames(): Promise<string[]> {
  return (await readdir(folder)).filter((file) => file.endsWith('.json')).map((file) => file.slice(0, -'.json'.length)).sort()
}

export const typeOf = (name: string): string => name.split('.')[0]!

export async function savedHistory(name: string): Promise<SavedHistory> {
  return JSON.parse(await readFile(join(folder, `${name}.json`), 'utf8')) as SavedHistory
}

/** Maps what every payload in a history says, sealed again under the key it has. */
async function mapPayloads(it: unknown, change: (text: string) => string): Promise<unknown> {
  if (Array.isArray(it)) return Promise.all(it.map((one) => mapPayloads(one, change)))
  if (typeof it !== 'object' || it === null) return it
  if ('data' in it && 'metadata' in it) {
    const box = new PayloadBox(savedRing), [plain] = await box.decode([fromWire(it as WirePayload)])
    const before = Buffer.from(plain!.data ?? []).toString(), after = change(before)
    if (after === before) return it
    const [sealed] = await box.encode([{ ...plain!, data: Buffer.from(after) }])
    return toWire(sealed!)
  }
  return Object.fromEntries(await Promise.all(Object.entries(it).map(async ([key, value]) => [key, await mapPayloads(value, change)] as const)))
}

/** The stack traces of failures name the folders of whoever recorded them; replay does not need them. */
export const withoutStacks = (history: unknown): Promise<unknown> =>
  mapPayloads(history, (text) => text.replaceAll(/"stack_trace":"(?:[^"\\]|\\.)*"/g, '"stack_trace":""'))

/** Everything that a history says in clear. */
export async function clearText(history: unknown): Promise<string> {
  const said: string[] = [JSON.stringify(history)]
  await mapPayloads(history, (text) => {
    said.push(text)
    return text
  })
  return said.join('\n')
}
