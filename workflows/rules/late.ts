/** A host that is late with its answer to a sweep: is it busy, or does nobody run it? Pure. */
import type { Counted } from '../sweep/terms.ts'
import { defaultClocks } from './clocks.ts'

/**
 * Only what sites told can rule it out: one that spoke lately may run, and where a site did not tell, every host may.
 * By the moment of its last word, for a site that nothing wakes goes on calling a host alive. `counted`: undefined when
 * the sites could not be asked.
 */
export function mayRun(host: string, counted: Counted | undefined, now: number): boolean {
  if (!counted) return true
  const told = counted.sites.flatMap(({ hosts }) => hosts).filter((one) => one.host === host)
  if (told.length === 0) return counted.silent.length > 0
  return told.some(({ heard }) => heard === undefined || now - heard <= defaultClocks.hostSilentMs)
}
