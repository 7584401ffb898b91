/** What a troubled worker is told to do, in a file beside its configuration: rows write it, `worker.ts` reads it. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

export type When = 'before' | 'after'

/** SIGKILL to itself at one moment. */
export interface Kill {
  readonly when: When
  /** An activity, or `lend`: the gateway's call to Temporal. */
  readonly at: string
  /** Which of them, counted from 1 since the order was given; first tries alone count. */
  readonly nth: number
  /** Counts only those of workflows whose id begins so. */
  readonly of?: string
}

export interface Orders {
  /** Tells one order from the next, for the counting. */
  readonly id: number
  readonly kill?: Kill
  /** So many of the calls to engine, nameserver and directory fail before or after their work, or answer too late. */
  readonly flaky?: { readonly share: number; readonly seed: number; readonly lateMs: number }
  /** The process's own clock is off by so much, from its start on. */
  readonly clockMs?: number
}

const fileOf = (folder: string): string => join(folder, 'faults.json')
let given = 0

/** Takes effect with the next call; a clock with the next start. */
export function giveOrders(folder: string, orders: Omit<Orders, 'id'>): void {
  const file = fileOf(folder)
  writeFileSync(`${file}.new`, JSON.stringify({ id: ++given, ...orders }))
  renameSync(`${file}.new`, file) // never half a file
}

export function readOrders(config: string | undefined): Orders {
  const file = fileOf(dirname(config ?? ''))
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) as Orders : { id: 0 }
}
