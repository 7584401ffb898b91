/** Steps over the `Names` port: what the lease and the sweep call on queue `berth`. */
import { NameConflict, NameInvalid, type Names } from '../../workflows/ports.ts'
import { refuse, rootMessage, unavailable } from '../../workflows/refuse.ts'
import { fqdn } from '../../workflows/rules/naming.ts'
import type { CoreSteps } from '../../workflows/steps.ts'

/** A conflict is a refusal; any other trouble is retried and says what really went wrong. */
export function createNameSteps({ names }: { names: Names }): Pick<CoreSteps, 'claimName' | 'releaseName' | 'listNames'> {
  return {
    async claimName(records) {
      try {
        await names.claim(records)
      } catch (error) {
        const name = fqdn(records.label, records.zone)
        if (error instanceof NameConflict) throw refuse('nameTaken', `The name ${name} is taken. Ask again with another --name.`)
        if (error instanceof NameInvalid) throw refuse('badName', `${error.message} Ask again with another --name.`)
        throw unavailable(`The name ${name} could not be claimed: ${rootMessage(error)}`, error)
      }
    },

    async releaseName(owner) {
      const name = fqdn(owner.label, owner.zone)
      try {
        await names.release(owner)
        if (!await names.isClaimed(owner)) return
      } catch (error) {
        // What cannot be written into DNS cannot be there either.
        if (error instanceof NameInvalid) return
        throw unavailable(`The name ${name} could not be released: ${rootMessage(error)}`, error)
      }
      throw unavailable(`The name ${name} is still there after its release.`)
    },

    async listNames(zone) {
      try {
        return await names.list(zone)
      } catch (error) {
        throw unavailable(`The names of ${zone} could not be listed: ${rootMessage(error)}`, error)
      }
    },
  }
}
