/** A policy file's text → what it says, or every problem at once. Pure: no file is touched. */
import { createHash } from 'node:crypto'
import { defaultClocks } from '../../workflows/rules/clocks.ts'
import type { GroupTerms, PolicyTerms } from '../../workflows/rules/entitlement.ts'
import { isPattern, isReference } from '../../workflows/rules/images.ts'
import type { Clocks, ImageTerms, SiteTerms } from '../../workflows/terms.ts'
import { builtIn, fillIn } from './group.ts'
import { hint } from './guess.ts'
import { collect, type Problems } from './problems.ts'
import {
  adminsSchema, clocksSchema, groupKey, groupSchema, imageKey, imageSchema, sections, siteKey, siteSchema, type GroupText,
} from './schema.ts'
import { readText } from './text.ts'

export interface ReadPolicy {
  readonly terms: PolicyTerms
  /** SHA-256 of what it says: another comment or spacing is the same policy. */
  readonly digest: string
}

export function readPolicy(text: string): ReadPolicy | { readonly problems: readonly string[] } {
  const read = readText(text)
  if ('problems' in read) return read
  const problems = collect(read), { content } = read
  if (content === null || content === undefined) return { problems: ['The file is empty.'] }
  const top = new Map(problems.entries(content, []))
  for (const key of top.keys()) {
    if (!(sections as readonly string[]).includes(key)) problems.add([key], `is not known here.${hint(key, sections)}`)
  }
  const images = readImages(top.get('images'), problems)
  const sites = readSites(top.get('sites'), problems)
  const groups = readGroups(top, { images, sites, problems })
  const clocks = readClocks(top.get('clocks'), problems)
  const admins = top.has('admins') ? problems.read(adminsSchema, top.get('admins'), ['admins']) ?? [] : []
  if (problems.all.length > 0) return { problems: problems.all }
  const terms: PolicyTerms = { groups, sites, images, clocks, admins }
  return { terms, digest: createHash('sha256').update(JSON.stringify(terms)).digest('hex') }
}

type Images = PolicyTerms['images']

const usualTtlMs = 30_000

function readImages(value: unknown, problems: Problems): Images {
  return problems.entries(value, ['images']).flatMap(([key, one]) => {
    const path = ['images', key]
    const name = problems.read(imageKey, key, path), image = problems.read(imageSchema, one, path)
    if (name === undefined || !image) return []
    const { reference, ports, command, on, about } = image
    const pattern = isPattern(name)
    if (pattern && reference !== undefined) {
      problems.add([...path, 'reference'], 'cannot stand in a pattern, which stands for itself.')
    }
    if (!pattern && reference === undefined) problems.add(path, 'reference is needed: what the engine is asked for.')
    return [{
      name, ...(reference !== undefined && { reference }), ...(ports && { ports }), ...(command && { command }), ...(on && { on }),
      ...(about !== undefined && { about }),
    }]
  })
}

function readSites(value: unknown, problems: Problems): SiteTerms[] {
  const owner = new Map<string, string>()
  const entries = problems.entries(value, ['sites'])
  if (entries.length === 0) problems.add(['sites'], 'at least one site is needed.')
  return entries.flatMap(([key, one]) => {
    const path = ['sites', key]
    const name = problems.read(siteKey, key, path), site = problems.read(siteSchema, one, path)
    if (name === undefined || !site) return []
    site.hosts.forEach((host, at) => {
      const other = owner.get(host)
      if (other !== undefined) {
        problems.add([...path, 'hosts', at], `${host} is listed at ${other} already; a host is at one site.`)
      }
      owner.set(host, name)
    })
    const { zone, hosts, ttl = usualTtlMs, negativeTtl = usualTtlMs, drain, ingressClass } = site
    return [{ name, zone, hosts, ttlMs: ttl, negativeTtlMs: negativeTtl, ...(drain && { drain }), ...(ingressClass !== undefined && { ingressClass }) }]
  })
}

function readGroups(top: ReadonlyMap<string, unknown>, { images, sites, problems }: {
  images: Images, sites: readonly SiteTerms[], problems: Problems,
}): GroupTerms[] {
  const known = { images: namesIn(top, 'images'), sites: namesIn(top, 'sites') }
  checkNames(top.get('defaults'), ['defaults'], { known, problems })
  const defaults = problems.read(groupSchema, top.get('defaults') ?? {}, ['defaults']) ?? {}
  const entries = problems.entries(top.get('groups'), ['groups'])
  if (entries.length === 0) problems.add(['groups'], 'at least one group is needed.')
  const seen = new Set<string>()
  return entries.flatMap(([key, one]) => {
    const path = ['groups', key]
    checkNames(one, path, { known, problems })
    const name = problems.read(groupKey, key, path), group = problems.read(groupSchema, one, path)
    if (name === undefined || !group) return []
    if (seen.has(name)) problems.add(path, 'is there twice; directories ignore the case of names.')
    seen.add(name)
    const filled = fillIn(builtIn, defaults, group)
    const listed = filled.images ?? []
    if (listed.length === 0) problems.add(path, 'may lend no image: name some under images, here or in defaults.')
    for (const [at, what] of filled.wrong) problems.add([...path, ...at], what)
    return [{
      ...filled.terms, name, sites: filled.sites ?? sites.map(({ name }) => name),
      images: listed.map((image) => toTerms(image, images)),
    }]
  })
}

/** Names that a section holds, also when what they mean is wrong, so that one mistake is told once. */
const namesIn = (top: ReadonlyMap<string, unknown>, section: string): string[] => Object.keys(top.get(section) ?? {})

/** Looks at the text itself, so that a wrong name is told also where another key is wrong. */
function checkNames(group: unknown, path: readonly string[], { known, problems }: {
  known: { images: readonly string[], sites: readonly string[] }, problems: Problems,
}): void {
  const listed = (key: 'images' | 'sites'): string[] => {
    const names = (group as GroupText | null | undefined)?.[key]
    return Array.isArray(names) ? names.map(String) : []
  }
  listed('images').forEach((image, at) => {
    const stands = known.images.includes(image) || isPattern(image) || (/[:/@]/.test(image) && isReference(image))
    if (!stands) {
      problems.add([...path, 'images', at], `"${image}" is not under images, and is neither a pattern such as "python:*" ` +
        `nor a full reference such as nginx:1.27.${hint(image, known.images)}`)
    }
  })
  listed('sites').forEach((site, at) => {
    if (known.sites.includes(site)) return
    problems.add([...path, 'sites', at], `"${site}" is not under sites.${hint(site, known.sites)}`)
  })
}

function toTerms(name: string, images: Images): ImageTerms {
  const alias = images.find((image) => image.name === name)
  if (!alias) return isPattern(name) ? { name } : { name, reference: name }
  const { about: _, ...terms } = alias
  return terms
}

function readClocks(value: unknown, problems: Problems): Clocks {
  const text = problems.read(clocksSchema, value ?? {}, ['clocks']) ?? {}
  const written = Object.entries(text).filter(([, ms]) => ms !== undefined)
  const set = Object.fromEntries(written.map(([key, ms]) => [`${key}Ms`, ms]))
  const clocks: Clocks = { ...defaultClocks, ...set }
  if (clocks.hostLostMs < clocks.hostSilentMs) problems.add(['clocks', 'hostLost'], 'must not be less than hostSilent.')
  return clocks
}
