/**
 * The policy in force: the newest good version of a file. Looked at with each use, by a cheap stat. A bad new version is
 * refused and the last good one kept, also over a restart, from a copy beside the state.
 */
import { chmodSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { readPolicy, type ReadPolicy } from './read.ts'

/** There is no good policy: no new lends, while what runs goes on and ends as promised. */
export class PolicyUnavailable extends Error {
  override name = 'PolicyUnavailable'
}

export interface Policy {
  /** Throws `PolicyUnavailable` when no version was ever good. */
  current(): ReadPolicy
  /** What is wrong with the file as it is now; empty when it is in force. */
  problems(): readonly string[]
  /** The file, and whether `current` is this file's content or the kept copy. */
  readonly file: string
  readonly state: 'in force' | 'last good' | 'none'
}

export interface PolicyOptions {
  readonly file: string
  /** Where the last good copy is kept, readable by nobody else. */
  readonly stateDir: string
  /** Its name there. */
  readonly lastGood?: string
  /**
   * A changed file is read when it has been left alone for so long, so that nobody gets rights from half a file. The
   * first reading does not wait.
   */
  readonly settleMs?: number
  /** Told once per version, for the log: a sentence. */
  readonly report?: (sentence: string) => void
}

export function createPolicy(options: PolicyOptions): Policy {
  const { file, stateDir, lastGood = 'policy.last-good.yaml', settleMs = 500, report } = options
  const copy = join(stateDir, lastGood)
  let good: ReadPolicy | undefined
  let wrong: readonly string[] = []
  /** What the file looked like when it was last read. */
  let seen: string | undefined

  function refresh(): void {
    const { print, age } = look(file)
    const settled = age >= settleMs || age < 0
    if (print === seen || (seen !== undefined && good && !settled)) return
    const first = seen === undefined
    seen = print
    const text = textOf(file)
    const read = typeof text === 'string' ? readPolicy(text) : text
    if ('problems' in read) {
      wrong = read.problems
      if (!good && first) good = readCopy()
      const instead = good ? 'and the last good one kept' : 'and there is no good one'
      report?.(`The policy ${file} is refused ${instead}: ${wrong.join(' ')}`)
      return
    }
    const changed = read.digest !== good?.digest
    good = read
    wrong = []
    if (changed) report?.(`The policy ${file} is in force, ${read.digest.slice(0, 8)}.`)
    try {
      if (typeof text === 'string') keep(copy, text)
    } catch (error) {
      report?.(`The policy's copy ${copy} cannot be written: ${(error as Error).message}.`)
    }
  }

  function readCopy(): ReadPolicy | undefined {
    const text = textOf(copy)
    if (typeof text !== 'string') return undefined
    const read = readPolicy(text)
    if (!('problems' in read)) return read
    wrong = [...wrong, `The last good copy ${copy} is wrong too: ${read.problems.join(' ')}`]
    return undefined
  }

  return {
    file,
    current() {
      refresh()
      if (good) return good
      throw new PolicyUnavailable(
        'There is no good policy now, so nothing new is lent. Try again later; an admin must mend the policy file.')
    },
    problems() {
      refresh()
      return wrong
    },
    get state() {
      refresh()
      if (!good) return 'none'
      return wrong.length > 0 ? 'last good' : 'in force'
    },
  }
}

/** Changes whenever the file does; age of its last change in ms. */
function look(file: string): { readonly print: string; readonly age: number } {
  const stat = statSync(file, { bigint: true, throwIfNoEntry: false })
  if (!stat) return { print: 'missing', age: Number.POSITIVE_INFINITY }
  const print = [stat.dev, stat.ino, stat.size, stat.mtimeNs, stat.ctimeNs].join()
  return { print, age: Date.now() - Number(stat.mtimeMs) }
}

function textOf(file: string): string | { readonly problems: readonly string[] } {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    return { problems: [`${file} cannot be read: ${(error as Error).message}.`] }
  }
}

/** All of the new copy or all of the old one, whatever crashes meanwhile. */
function keep(copy: string, text: string): void {
  mkdirSync(dirname(copy), { recursive: true, mode: 0o700 })
  const draft = `${copy}.${process.pid}`
  writeFileSync(draft, text, { mode: 0o600 })
  chmodSync(draft, 0o600)
  renameSync(draft, copy)
}
