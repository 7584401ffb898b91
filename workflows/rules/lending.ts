/** What `lend` decides, purely: from a wish, an entitlement and the account's books to a reservation or a refusal. */
import { labelOf, leaseId, type LeaseInput } from '../contract.ts'
import type { Refusal, RefusalKind } from '../refuse.ts'
import type { Clocks, Entitlement, Held, LendRequest, Receipt, RuntimeKind, SiteTerms } from '../terms.ts'
import { isGpuCount, sayGpu, sayMemory } from './amount.ts'
import { sayDuration } from './duration.ts'
import { type FoundImage, findImage } from './images.ts'
import { checkName, inventName } from './name.ts'
import { fqdn } from './naming.ts'
import { portRefusal } from './ports.ts'
import { inUse, quotaRefusal } from './quota.ts'

export interface Books {
  readonly member: string
  readonly held: readonly Held[]
}

export interface Reservation {
  readonly lease: LeaseInput
  readonly held: Held
  readonly receipt: Receipt
}

type Rights = { readonly entitlement: Entitlement; readonly clocks: Clocks; readonly now: number }
export type Decision = { readonly refusal: Refusal } | { readonly reservation: Reservation }

const no = (kind: RefusalKind, sentence: string): Decision => ({ refusal: { kind, sentence } })

export function decideLend(books: Books, wish: LendRequest, { entitlement, clocks, now }: Rights): Decision {
  const image = findImage(entitlement, wish.image)
  if (image === 'unknown') return no('unknownImage', `There is no image ${quote(wish.image)}. You may have ${list(entitlement.images.map((i) => i.name))}.`)
  if (image === 'notAllowed') return no('imageNotAllowed', `You may not have the image ${quote(wish.image)}. You may have ${list(entitlement.images.map((i) => i.name))}.`)

  const name = wish.name ?? inventName(wish.image, wish.key)
  const badName = checkName(name)
  if (badName) return { refusal: badName }
  if (books.held.some((one) => one.name === name)) return no('nameTaken', `You have a lease ${quote(name)} already. Return it, or take another name with --name.`)

  const forMs = wish.forMs ?? entitlement.defaultMs
  if (!(forMs > 0)) return no('badDuration', 'The length must be more than nothing, like 2h or 30m.')
  if (forMs > entitlement.longestMs) return no('tooLong', `You may have at most ${sayDuration(entitlement.longestMs)} at a time; ask for less with --for.`)

  const ports = wish.ports.length > 0 ? wish.ports : image.ports
  const badPort = portRefusal(ports)
  if (badPort) return { refusal: badPort }

  const cpu = wish.cpu ?? Math.min(entitlement.cpu, 0.5)
  const memory = wish.memory ?? Math.min(entitlement.memory, 256 * 2 ** 20)
  if (!(cpu > 0) || !(memory > 0)) return no('tooBig', 'cpu and memory must be more than nothing, like --cpu 0.5 --memory 256Mi.')
  if (cpu > entitlement.cpu) return no('tooBig', `You may have at most ${entitlement.cpu} cpu in one lease; ask for less with --cpu.`)
  if (memory > entitlement.memory) return no('tooBig', `You may have at most ${sayMemory(entitlement.memory)} of memory in one lease; ask for less with --memory.`)

  const { gpu } = wish, badGpu = gpu === undefined ? undefined : gpuRefusal(gpu, entitlement.gpu ?? 0)
  if (badGpu) return { refusal: badGpu }

  const on = kindsOf(wish, image, entitlement)
  if (on && 'refusal' in on) return on

  const full = quotaRefusal(inUse(books.held), { count: 1, cpu, memory, ...(gpu !== undefined && { gpu }) }, entitlement)
  if (full) return { refusal: full }

  const sites = wish.site === undefined ? entitlement.sites : entitlement.sites.filter((site) => site.name === wish.site)
  const first = sites[0]
  if (!first) return no('unknownSite', siteSentence(wish.site, entitlement.sites))

  return { reservation: reserve({ books, wish, name, forMs, cpu, memory, ports, sites, first, image, on: on?.kinds }, { entitlement, clocks, now }) }
}

type Chosen = {
  books: Books, wish: LendRequest, name: string, forMs: number, cpu: number, memory: number, ports: readonly number[],
  sites: readonly SiteTerms[], first: SiteTerms, image: FoundImage, on: readonly RuntimeKind[] | undefined
}

function reserve({ books, wish, name, forMs, cpu, memory, ports, sites, first, image, on }: Chosen, { entitlement, clocks, now }: Rights): Reservation {
  const { key, gpu } = wish, { member } = books
  const gpus = gpu !== undefined && { gpu }
  const label = labelOf(name, key), id = leaseId({ name, member, key })
  const command = wish.command ?? image.command
  return {
    held: { key, leaseId: id, name, label, image: wish.image, cpu, memory, ...gpus, site: first.name, since: now },
    receipt: { key, leaseId: id, name, label, fqdn: fqdn(label, first.zone), site: first.name, image: wish.image, forMs },
    lease: {
      key, name, label, member, sites, ...(on && { on }), forMs, asked: now, clocks,
      spec: {
        image: wish.image, reference: image.reference, cpu, memory, ...gpus, ports,
        ...(command !== undefined && command.length > 0 && { command }), ...(wish.env !== undefined && { env: wish.env }),
      },
      entitlement: {
        longestWaitMs: entitlement.longestWaitMs, longestMs: entitlement.longestMs, extend: entitlement.extend,
        warnMs: entitlement.warnMs, restart: entitlement.restart, graceMs: entitlement.graceMs,
        totalCpu: entitlement.totalCpu, totalMemory: entitlement.totalMemory, count: entitlement.count,
        ...(entitlement.gpu !== undefined && { gpu: entitlement.gpu }), ...(entitlement.security && { security: entitlement.security }),
        ...(entitlement.idle && { idle: entitlement.idle }),
      },
    },
  }
}

function gpuRefusal(gpu: number, most: number): Refusal | undefined {
  if (!isGpuCount(gpu)) return { kind: 'tooBig', sentence: 'GPUs are whole, and at least one is asked for, like --gpu 1.' }
  if (most === 0) return { kind: 'tooBig', sentence: 'You may have no GPU; ask again without --gpu.' }
  return gpu > most ? { kind: 'tooBig', sentence: `You may have at most ${sayGpu(most)}; ask for less with --gpu.` } : undefined
}

/** Kinds of hosts that it may have: what the member says, or else the image, within what the groups may have. */
function kindsOf(wish: LendRequest, image: FoundImage, { on: allowed }: Entitlement): { readonly kinds: readonly RuntimeKind[] } | { readonly refusal: Refusal } | undefined {
  const no = (sentence: string) => ({ refusal: { kind: 'hostNotAllowed', sentence } as const })
  if (wish.on !== undefined && image.on !== undefined && wish.on !== image.on) return no(`${quote(wish.image)} runs on ${image.on} alone; ask again without --on.`)
  const kind = wish.on ?? image.on
  if (kind === undefined) return allowed && { kinds: allowed }
  if (!allowed || allowed.includes(kind)) return { kinds: [kind] }
  const have = `You may lend on ${allowed.join(' and ')} alone`
  return no(wish.on === undefined ? `${have}, and ${quote(wish.image)} runs on ${kind}; ask for another image.` : `${have}; ask again without --on.`)
}

function siteSentence(asked: string | undefined, sites: readonly SiteTerms[]): string {
  if (sites.length === 0) return 'Your groups may not use any site. Ask an admin of Berth.'
  return `There is no site ${quote(asked ?? '')} for you. You may use ${list(sites.map((site) => site.name))}.`
}

const quote = (text: string): string => `“${text.length > 60 ? `${text.slice(0, 60)}…` : text}”`
const list = (names: readonly string[]): string =>
  names.length === 0 ? 'none' : names.length > 8 ? `${names.slice(0, 8).join(', ')} and ${names.length - 8} more` : names.join(', ')
