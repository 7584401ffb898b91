/** Who is in the demo's directory. Their groups are those of `policy.yaml`. */
import type { Group, Person } from '../embedded/people.ts'

/** Everybody's, since it is a demo. */
export const password = 'berth'

export const people: readonly Person[] = [
  { uid: 'mika', cn: 'Mika Student', password },
  { uid: 'noor', cn: 'Noor Staff', password },
  { uid: 'ada', cn: 'Ada Admin', password },
  { uid: 'guest', cn: 'In no group', password },
]

export const groups: readonly Group[] = [
  { cn: 'students', members: ['mika'] },
  { cn: 'staff', members: ['noor'] },
  { cn: 'admins', members: ['ada'] },
]
