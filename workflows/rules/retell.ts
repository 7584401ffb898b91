/**
 * The places of a lease, retold from the words between it and its sites in their order. A place is its own from the
 * moment it is given to the moment it is given back, whether or not its story has noticed.
 *
 * | word | about number n | afterwards |
 * |---|---|---|
 * | asked | no place | waits for it |
 * | asked | its paused place | waits to wake up there |
 * | placed | anything but given back | has it |
 * | placed | given back before | nothing: the site has taken it back too |
 * | unplaceable | waits | nothing |
 * | freed, paused | has it | has it, paused |
 * | freed | anything | nothing |
 */
import type { Free, LeaseInput } from '../contract.ts'
import { leaseId } from '../contract.ts'
import type { LeaseState } from '../lease/state.ts'
import type { OpenLease } from '../steps.ts'
import type { Besides, Place } from '../terms.ts'

export type LeaseWord =
  | { readonly is: 'asked'; readonly site: string; readonly number: number }
  | { readonly is: 'placed'; readonly place: Place }
  | { readonly is: 'unplaceable'; readonly number: number }
  | { readonly is: 'freed' } & Pick<Free, 'number' | 'paused'>

interface Stand {
  place?: Place
  paused?: boolean
  waits?: boolean
}

export function retell({ carried, ...input }: LeaseInput, words: readonly LeaseWord[]): OpenLease {
  const { key, name, label, member, spec, asked, forMs, entitlement } = input, state = carried as LeaseState | undefined
  const stands = begun(state), back = new Set<number>()
  let site = input.sites[state?.siteAt ?? 0]?.name ?? ''
  const at = (number: number): Stand => {
    const known = stands.get(number) ?? {}
    stands.set(number, known)
    return known
  }
  for (const word of words) {
    const number = word.is === 'placed' ? word.place.number : word.number
    switch (word.is) {
      case 'asked':
        site = word.site
        at(number).waits = true
        break
      case 'placed':
        if (!back.has(number)) stands.set(number, { place: word.place })
        break
      case 'unplaceable':
        stands.delete(number)
        break
      case 'freed':
        if (word.paused && stands.get(number)?.place) stands.set(number, { ...stands.get(number), paused: true, waits: false })
        else {
          stands.delete(number)
          back.add(number)
        }
        break
      default: word satisfies never
    }
  }
  const [newest, ...others] = [...stands].sort(([a, one], [b, other]) => Number(!!other.place) - Number(!!one.place) || b - a)
  const [number, stand] = newest ?? [Math.max(1, state?.number ?? 0, ...back), {}]
  const besides = others.map(([number, { place }]): Besides => ({ number, ...(place && { host: place.host, hostPorts: place.hostPorts }) }))
  return {
    key, leaseId: leaseId(input), member, name, label, image: spec.image, cpu: spec.cpu, memory: spec.memory, ports: spec.ports.length,
    ...(spec.gpu !== undefined && { gpu: spec.gpu }), ...(input.on && { on: input.on }),
    site: stand.place?.site ?? site, number, paused: stand.paused === true, asked, ...(stand.waits && { waiting: true }),
    ...(stand.place && { host: stand.place.host, hostPorts: stand.place.hostPorts }), ...(besides.length > 0 && { besides }),
    lasts: { forMs, capMs: entitlement.extend.capMs, ...(state?.readyAt !== undefined && { readyAt: state.readyAt }) },
  }
}

/** What a run that continues another began with. */
function begun(state: LeaseState | undefined): Map<number, Stand> {
  const stands = new Map<number, Stand>()
  for (const place of state?.leaving ?? []) stands.set(place.number, { place })
  if (state?.place) stands.set(state.place.number, { place: state.place, paused: state.phase === 'paused' })
  if (state?.moving) stands.set(state.moving.number, state.moving.to ? { place: state.moving.to } : { waits: true })
  return stands
}
