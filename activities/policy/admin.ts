/** Who is an admin now: by directory group, as the policy lists them. */
import type { Person } from '../../workflows/ports.ts'
import { isAdminBy } from '../../workflows/rules/entitlement.ts'
import { PolicyUnavailable, type Policy } from './policy.ts'

/** Nobody is one while there is no good policy. */
export function isAdmin(person: Pick<Person, 'groups' | 'disabled'>, policy: Pick<Policy, 'current'>): boolean {
  try {
    return !person.disabled && isAdminBy(policy.current().terms, person.groups)
  } catch (error) {
    if (error instanceof PolicyUnavailable) return false
    throw error
  }
}
