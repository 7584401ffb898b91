/** The `Names` port in memory: for dev mode and as the test double, with switches for trouble. */
import { NameConflict, type NameOwner, type NameRecords, type Names, type OwnedName } from '../../workflows/ports.ts'
import { fqdn, standing, type Holder } from '../../workflows/rules/naming.ts'
import { checkOwner, checkRecords, checkZone } from '../rfc2136/check.ts'

/** Trouble to play; change the fields at any time. */
export interface NameFaults {
  /** Every call fails, as if no nameserver answered. */
  down: boolean
  /** So many of the next calls do their work and then fail, as if the answer was lost. */
  loseAnswers: number
  /** Every call takes so long. */
  delayMs: number
}

export interface MemoryNames extends Names {
  readonly faults: NameFaults
  /** What is there, by full name. */
  readonly held: ReadonlyMap<string, NameRecords | 'foreign'>
  /** Puts a record there that is not ours. */
  plant(label: string, zone: string): void
}

export function memoryNames(): MemoryNames {
  const held = new Map<string, NameRecords | 'foreign'>()
  const faults: NameFaults = { down: false, loseAnswers: 0, delayMs: 0 }

  const holder = (owner: NameOwner): Holder => {
    const there = held.get(fqdn(owner.label, owner.zone))
    if (!there) return { is: 'nobody' }
    return there === 'foreign' ? { is: 'other' } : { is: 'lease', key: there.key, number: there.number }
  }

  const ask = async <Answer>(act: () => Answer): Promise<Answer> => {
    await (faults.delayMs > 0 ? new Promise((done) => setTimeout(done, faults.delayMs)) : Promise.resolve())
    if (faults.down) throw new Error('The nameserver does not answer.')
    const answer = act()
    if (faults.loseAnswers > 0) {
      faults.loseAnswers--
      throw new Error('The nameserver\'s answer was lost.')
    }
    return answer
  }

  return {
    faults,
    held,
    plant: (label, zone) => void held.set(fqdn(label, zone), 'foreign'),

    async claim(records) {
      checkRecords(records)
      await ask(() => {
        const it = standing(holder(records), records)
        if (it === 'theirs') throw new NameConflict(`${fqdn(records.label, records.zone)} belongs to somebody else.`)
        if (it === 'stale') throw new NameConflict(`A newer placement of this lease holds ${fqdn(records.label, records.zone)}.`)
        held.set(fqdn(records.label, records.zone), structuredClone(records))
      })
    },

    async release(owner) {
      checkOwner(owner)
      await ask(() => {
        if (standing(holder(owner), owner) === 'ours') held.delete(fqdn(owner.label, owner.zone))
      })
    },

    async isClaimed(owner) {
      checkOwner(owner)
      return ask(() => standing(holder(owner), owner) === 'ours')
    },

    async list(zone) {
      checkZone(zone)
      return ask(() => [...held.values()].flatMap((there): OwnedName[] =>
        there === 'foreign' || there.zone !== zone ? [] : [{
          zone, label: there.label, key: there.key, number: there.number, ports: there.asleep ? [] : there.ports.map(({ hostPort }) => hostPort),
        }]))
    },
  }
}
