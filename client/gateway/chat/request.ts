/** What every platform's requests have in common: an id of their own, and a proof that is compared. */
import { createHash, timingSafeEqual } from 'node:crypto'

/** The same for each delivery of one request, on whichever gateway. */
export const requestIdOf = (platform: string, tenant: string, id: string): string =>
  createHash('sha256').update(`berth/request\n${platform}\n${tenant}\n${id}`).digest('base64url')

/** In a time that tells nothing of where they differ. */
export function same(a: string, b: string): boolean {
  const [one, other] = [a, b].map((text) => createHash('sha256').update(text).digest()) as [Buffer, Buffer]
  return timingSafeEqual(one, other) && a !== ''
}
