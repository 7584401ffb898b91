/** A host that is reached at other addresses now, as its watch says: the name of what is ready there follows. */
import type { SeenWord } from '../contract.ts'
import type { Place } from '../terms.ts'
import type { Berthed } from './berth.ts'
import { type LeaseState, tellTimeline } from './state.ts'
import * as steps from './steps.ts'

/** What sleeps, or goes elsewhere, hears of it with its next place. */
export function hearAddresses(state: LeaseState, { number, addresses, evidence }: SeenWord): void {
  if (state.phase === 'ready' && addresses?.length) state.readdressed = { number, addresses, evidence }
}

export const isReadressed = ({ phase, place, readdressed }: LeaseState): boolean =>
  phase === 'ready' && place !== undefined && readdressed?.number === place.number && readdressed.addresses.join() !== addressesOf(place).join()

const addressesOf = ({ address, addresses = [address] }: Pick<Place, 'address' | 'addresses'>): readonly string[] => addresses

/** Its member need not know: the name is the same. */
export async function readdress({ state }: Berthed): Promise<void> {
  const { addresses, evidence } = state.readdressed!, before = state.place!
  const place = { ...before, address: addresses.includes(before.address) ? before.address : addresses[0]!, addresses }
  await steps.claimName(state, place)
  state.place = place
  tellTimeline(state, `its host is reached at ${addresses.join(', ')} now (${evidence})`, Date.now())
}
