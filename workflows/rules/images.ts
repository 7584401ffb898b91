/** Which image a typed name means, and whether this member may have it. */
import type { Entitlement, ImageTerms, RuntimeKind } from '../terms.ts'

export interface FoundImage {
  readonly reference: string
  /** Empty when the policy sets none: then the member names ports, or the image lends none. */
  readonly ports: readonly number[]
  readonly command?: readonly string[]
  /** Only on hosts of this kind. */
  readonly on?: RuntimeKind
}

/** `registry.example:5000/team/app:1.2` or `…@sha256:…`: what an engine takes (distribution's reference grammar). */
const part = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*'
const host = '(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[0-9]{1,5})?/)?'
const reference = new RegExp(`^${host}${part}(?:/${part})*(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$`)
const longestReference = 255

/** Whether an engine may be asked for it at all: cannot be taken for an option, a path or a URL. */
export function isReference(text: string): boolean {
  return text.length <= longestReference && reference.test(text)
}

/** Whether a policy may hold it: a reference in which `*` stands for any run of letters, also none, but not for `/`. */
export function isPattern(text: string): boolean {
  return text.includes('*') && text.length <= longestReference && !text.includes('**') &&
    !text.startsWith('*') && isReference(text.replaceAll('*', 'x'))
}

/** An alias or a reference that a pattern of the member's covers. `notAllowed` when only others may lend it. */
export function findImage(
  entitlement: Pick<Entitlement, 'images' | 'catalog'>, typed: string,
): FoundImage | 'unknown' | 'notAllowed' {
  if (!isReference(typed)) return 'unknown'
  const image = entitlement.images.find(({ name }) => name === typed) ??
    entitlement.images.find(({ name }) => isPattern(name) && covers(name, typed))
  if (image) return foundAs(image, typed)
  const others = entitlement.catalog.some((name) => name === typed || (isPattern(name) && covers(name, typed)))
  return others ? 'notAllowed' : 'unknown'
}

function foundAs({ reference, ports = [], command, on }: ImageTerms, typed: string): FoundImage {
  return { reference: reference ?? typed, ports, ...(command && { command }), ...(on && { on }) }
}

/** A name without a tag means `latest`, so that `python:*` covers `python`. A digest is not part of a tag. */
function covers(pattern: string, typed: string): boolean {
  const matches = (text: string) => runs(pattern.split('*'), text)
  return matches(typed) || (!/[:@][^/]*$/.test(typed) && matches(typed + ':latest'))
}

/** Whether `text` is these pieces with anything but `/` and `@` between them; in linear time, whatever the pieces. */
function runs(pieces: readonly string[], text: string): boolean {
  const first = pieces[0] ?? '', last = pieces.at(-1) ?? ''
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length) return false
  const end = text.length - last.length
  let at = first.length
  for (const piece of pieces.slice(1, -1)) {
    const next = text.indexOf(piece, at)
    if (next < 0 || next + piece.length > end || /[/@]/.test(text.slice(at, next))) return false
    at = next + piece.length
  }
  return !/[/@]/.test(text.slice(at, end))
}
