/** What the clocks of the stories show when the policy sets none. */
import type { WatchClocks } from '../contract.ts'
import type { Clocks } from '../terms.ts'

const second = 1000, minute = 60 * second, hour = 60 * minute, day = 24 * hour

/** Between two tries on a host that has no room. */
export const usualRoomAgainMs = 30 * second

export const defaultClocks: Clocks = {
  receiptMs: 24 * hour,
  recheckMs: 15 * minute,
  recheckApartMs: 2 * minute,
  trustMs: hour,
  accountIdleMs: 60 * day,
  hostSilentMs: 3 * minute,
  hostLostMs: 10 * minute,
  checkMs: 5 * minute,
  hostQueueMs: 30 * second,
  roomAgainMs: usualRoomAgainMs,
  mostEvents: 1_500,
}

/** Of the watch. */
export const defaultWatchClocks: WatchClocks = {
  lookMs: 5 * second,
  feelMs: 10 * second,
  quietMs: minute,
  reckonMs: minute,
  rotateMs: hour,
  aliveMs: 20 * second,
}
