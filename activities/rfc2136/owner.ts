/**
 * The owner TXT at a lease's name: `berth=1` `i=<instance>` `k=<key>` `n=<number>` `p=<proof>` `s=<services>`.
 * It is the prerequisite of every change; `s` says which SRV names below belong to the lease, so that a release, which
 * knows no ports, deletes them all in one update.
 */
import type { Holder } from '../../workflows/rules/naming.ts'
import type { NameOwner } from '../../workflows/ports.ts'
import type { Marks } from '../mark.ts'
import { readTxt } from './decode.ts'
import { txtData } from './encode.ts'

export interface OwnerTxt {
  readonly key: string
  readonly number: number
  readonly services: readonly string[]
}

/** RDATA of a lease's owner TXT. */
export function ownerData(marks: Marks, owner: NameOwner, services: readonly string[]): Buffer {
  const { key, number, label, zone } = owner
  const proof = marks.sign({ kind: 'lease', key, number }, { name: label, host: zone })
  return txtData(['berth=1', `i=${marks.instance}`, `k=${key}`, `n=${number}`, `p=${proof}`, `s=${services.join()}`])
}

/** What an owner TXT of this instance says; undefined for a foreign record, another instance's, or a forged proof. */
export function readOwner(marks: Marks, at: { readonly label: string; readonly zone: string }, data: Buffer): OwnerTxt | undefined {
  const [berth, instance, key, number, proof, services, ...rest] = strings(data)
  if (berth !== 'berth=1' || rest.length > 0) return undefined
  const part = (text: string | undefined, name: string) => text?.startsWith(`${name}=`) ? text.slice(2) : undefined
  const i = part(instance, 'i'), k = part(key, 'k'), n = part(number, 'n'), p = part(proof, 'p'), s = part(services, 's')
  if (i === undefined || k === undefined || n === undefined || p === undefined || s === undefined || !/^\d{1,15}$/.test(n)) return undefined
  const mark = { instance: i, kind: 'lease', key: k, number: Number(n) } as const
  if (!marks.verifies(mark, { name: at.label, host: at.zone }, p)) return undefined
  return { key: k, number: mark.number, services: s.split(',').filter((service) => /^_[a-z0-9-]{1,15}$/.test(service)) }
}

/** None for a record that is cut off: what cannot be read is not ours. */
function strings(data: Buffer): string[] {
  try {
    return readTxt(data)
  } catch {
    return []
  }
}

/** What stands at a name: whose it is, all its TXT records, and ours among them. */
export interface Seen {
  readonly holder: Holder
  /** The whole TXT RRset: the prerequisite of a change. */
  readonly txt: readonly Buffer[]
  /** Our own among them. */
  readonly ours: readonly Buffer[]
  /** SRV services that our own claim. */
  readonly services: readonly string[]
}

export function seeOwner(marks: Marks, at: { readonly label: string; readonly zone: string }, txt: readonly Buffer[]): Seen {
  const read = txt.flatMap((data) => {
    const owner = readOwner(marks, at, data)
    return owner ? [{ data, owner }] : []
  })
  const newest = read.toSorted((a, b) => b.owner.number - a.owner.number)[0]?.owner
  const mine = read.filter(({ owner }) => owner.key === newest?.key)
  return {
    holder: newest ? { is: 'lease', key: newest.key, number: newest.number } : txt.length > 0 ? { is: 'other' } : { is: 'nobody' },
    txt, ours: mine.map(({ data }) => data), services: [...new Set(mine.flatMap(({ owner }) => owner.services))],
  }
}
