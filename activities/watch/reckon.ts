/**
 * Compares the leases that are ready here with what runs. It finds what no change showed: a container that went while
 * nobody watched, one that died twice between two looks, a word that was lost.
 */
import type { Watched } from '../../workflows/rules/sightings.ts'
import { placementOf } from '../../workflows/rules/placement.ts'
import { deathOf, owe } from './look.ts'
import type { Rotation } from './rotation.ts'
import { listLeases } from './tell.ts'

export async function reckon(it: Rotation): Promise<void> {
  if (it.awaySince !== undefined) return
  const runs = new Set(Object.values(it.watched).filter((one: Watched) => one.running).map(({ key }) => key))
  for (const [key, leaseId] of await listLeases(it)) {
    if (it.signal.aborted) return
    if (runs.has(key) || it.owed.some(({ word }) => word.key === key)) continue
    const status = await it.words.status(leaseId)
    if (status?.phase !== 'ready' || status.place?.host !== it.host) continue
    const berthing = { key, number: status.place.number, member: status.member }
    if (it.own.isOwn(placementOf(berthing))) continue
    owe(it, berthing, deathOf(await it.eyes.look(berthing), it.shaken))
  }
}
