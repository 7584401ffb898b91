/** Whether an entry says that its account is shut. Only a lasting state counts, not a lock-out after wrong passwords. */
import type { Entry } from './conversation.ts'

/** What directories use, by attribute; see `marks` for what each means. */
export type KnownMark = keyof typeof marks
/** An attribute that an organisation uses in its own way: any of its values equals `equals`, whatever the case. */
export type DisabledRule = KnownMark | { readonly attribute: string; readonly equals: string }

const day = 24 * 60 * 60 * 1000
/** 100 ns between 1601 and 1970 (Active Directory's clock), in ms. */
const windowsEpochMs = 11_644_473_600_000

const marks = {
  /** OpenLDAP's password policy: this one moment means "until an administrator unlocks it"; others pass by themselves. */
  pwdAccountLockedTime: (value) => value === '000001010000Z',
  /** 389 Directory Server, FreeIPA. */
  nsAccountLock: (value) => value.toLowerCase() === 'true',
  /** eDirectory. */
  loginDisabled: (value) => value.toLowerCase() === 'true',
  /** Active Directory: bit 2 is ACCOUNTDISABLE. */
  userAccountControl: (value) => /^\d+$/.test(value) && (Number(value) & 2) !== 0,
  /** Active Directory: 0 and the greatest number mean never. */
  accountExpires: (value, now) =>
    /^[1-9]\d{0,17}$/.test(value) && Number(value) / 10_000 - windowsEpochMs <= now,
  /** shadow(5): days since 1970 from which it is expired; 0 and -1 mean never. */
  shadowExpire: (value, now) => /^[1-9]\d*$/.test(value) && Number(value) * day <= now,
} as const satisfies Record<string, (value: string, now: number) => boolean>

export const knownMarks = Object.keys(marks) as readonly KnownMark[]

/** Attributes that must be asked for by name, since some of them are operational. */
export const attributesOf = (rules: readonly DisabledRule[]): string[] =>
  rules.map((rule) => (typeof rule === 'string' ? rule : rule.attribute))

export function isDisabled(entry: Pick<Entry, 'values'>, rules: readonly DisabledRule[], now: number): boolean {
  return rules.some((rule) => {
    if (typeof rule === 'string') return entry.values(rule).some((value) => marks[rule](value, now))
    return entry.values(rule.attribute).some((value) => value.toLowerCase() === rule.equals.toLowerCase())
  })
}
