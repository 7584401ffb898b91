/** What a member may do now, and what the policy says of a site. Any trouble is "try later", never a lost right. */
import type { Directory, Found } from '../../workflows/ports.ts'
import { unavailable } from '../../workflows/refuse.ts'
import { entitlementOf } from '../../workflows/rules/entitlement.ts'
import type { CoreSteps } from '../../workflows/steps.ts'
import type { Policy } from '../policy/policy.ts'
import type { ReadPolicy } from '../policy/read.ts'

export function createDirectorySteps({ directory, policy }: {
  readonly directory: Pick<Directory, 'find'>
  readonly policy: Pick<Policy, 'current'>
}): Pick<CoreSteps, 'entitle' | 'readSite' | 'readSites'> {
  return {
    async entitle(member) {
      const { terms, digest } = readCurrent(policy), { clocks } = terms
      const found = await find(directory, member)
      if (found.is === 'absent') {
        const sentence = `The directory knows nobody called ${member}. Check the name, or ask an admin.`
        return { is: 'nobody', clocks, sentence }
      }
      const { uid, uuid, groups, disabled } = found.person
      if (disabled) {
        const sentence = `The directory account ${uid} is disabled. Ask whoever looks after accounts.`
        return { is: 'disabled', uuid, clocks, sentence }
      }
      const entitlement = entitlementOf(terms, groups, digest)
      if (entitlement) return { is: 'member', uid, uuid, entitlement, clocks }
      const sentence = `${uid} is in no directory group that may lend. Ask an admin for access.`
      return { is: 'noRights', uuid, clocks, sentence }
    },

    readSites: async () => readCurrent(policy).terms.sites,

    async readSite(site) {
      const { terms: { sites, clocks } } = readCurrent(policy)
      const terms = sites.find(({ name }) => name === site)
      return terms && { terms, clocks }
    },
  }
}

/** Temporal sees one retryable kind, whatever the directory's own words. */
async function find(directory: Pick<Directory, 'find'>, member: string): Promise<Found> {
  try {
    return await directory.find(member)
  } catch (error) {
    throw unavailable('The directory cannot be asked just now. Try again in a minute.', error)
  }
}

function readCurrent(policy: Pick<Policy, 'current'>): ReadPolicy {
  try {
    return policy.current()
  } catch (error) {
    throw unavailable((error as Error).message, error)
  }
}
