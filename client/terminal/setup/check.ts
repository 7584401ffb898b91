/** What a set-up finds out: a sentence each, and an exit code for the worst. */
import { exitOf } from '../../commands/exits.ts'
import { Refused } from '../../refused.ts'

/** `made`: it was not so before. `note`: neither good nor bad, or not known from here. `away`: nothing answers; later perhaps. */
export type Standing = 'good' | 'made' | 'note' | 'away' | 'bad'

export interface Finding {
  readonly what: string
  readonly is: Standing
  /** One sentence or two; of what is not good, with the next step. */
  readonly says: string
}

/** A step cannot go on; the others may. */
export class Trouble extends Error {
  override name = 'Trouble'
  readonly finding: Finding
  constructor(what: string, is: 'bad' | 'away', says: string) {
    super(says)
    this.finding = { what, is, says }
  }
}

/** Shorter ones would blot out words that are no secret. */
const shortestSecret = 8
const mostQuoted = 200

export class Findings {
  readonly all: Finding[] = []
  readonly #secrets = new Set<string>()

  /** Whatever is said from now on, also in others’ words, says nothing of it. */
  hide(secret: string): string {
    if (secret.length >= shortestSecret) this.#secrets.add(secret)
    return secret
  }

  add(what: string, is: Standing, says: string): void {
    this.all.push({ what, is, says: this.#without(says) })
  }

  /** What others have said, to be told on: a secret that was cut could not be found in it any more. */
  quote(said: unknown): string | undefined {
    return typeof said === 'string' && said !== '' ? `“${this.#without(said).slice(0, mostQuoted)}”` : undefined
  }

  #without(text: string): string {
    return [...this.#secrets].reduce((left, secret) => left.replaceAll(secret, '…'), text)
  }

  /** What it answers, or undefined when it found trouble; that is told then. */
  async attempt<T>(step: () => Promise<T>): Promise<T | undefined> {
    try {
      return await step()
    } catch (error) {
      // Of a file that is there already, and cannot be read: what has been done until then is still told.
      if (error instanceof Refused) return void this.add('files', 'bad', error.message)
      if (!(error instanceof Trouble)) throw error
      const { what, is, says } = error.finding
      this.add(what, is, says)
      return undefined
    }
  }

  get ok(): boolean {
    return this.all.every(({ is }) => is !== 'bad' && is !== 'away')
  }
}

const signs: Readonly<Record<Standing, string>> = { good: '✓', made: '+', note: '·', away: '?', bad: '✗' }

export const sayFindings = (findings: readonly Finding[]): string => findings.map(({ what, is, says }) => `${signs[is]} ${what}: ${says}`).join('\n')

/** 0 when nothing is wrong; 5 when something only did not answer; else 3. */
export function exitOfFindings(findings: readonly Finding[]): number {
  if (findings.some(({ is }) => is === 'bad')) return exitOf('noRights')
  return findings.some(({ is }) => is === 'away') ? exitOf('tryLater') : 0
}
