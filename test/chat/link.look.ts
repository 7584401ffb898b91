/** What a browser makes of a page: measured in it, and as it tells a screen reader. */
import type { CDPSession, Page } from 'playwright-core'

/** What of the DOM is measured; its whole library would lend its names to every other file. */
interface Element {
  readonly id: string
  readonly tagName: string
  readonly textContent: string
  readonly parentElement: Element | null
  readonly childNodes: Iterable<{ readonly nodeType: number; readonly nodeValue: string | null }>
  readonly scrollWidth: number
  readonly clientWidth: number
}
declare const document: {
  readonly activeElement: Element
  readonly body: Element
  readonly documentElement: Element
  querySelectorAll(selector: string): Iterable<Element>
}
declare const getComputedStyle: (of: Element) => Readonly<Record<'color' | 'backgroundColor' | 'borderTopColor' | 'outlineStyle' | 'outlineWidth', string>>

/** What a screen reader is given, in its order: role, name, what is said of it, and what it is. */
export async function heard(session: CDPSession) {
  const { nodes } = await session.send('Accessibility.getFullAXTree')
  return nodes.filter(({ ignored }) => !ignored).map(({ role, name, description, properties = [] }) => ({
    role: String(role?.value), name: String(name?.value ?? ''), description: String(description?.value ?? ''),
    is: properties.filter(({ value }) => value.value === true || value.value === 'true').map((one) => String(one.name)),
  }))
}

/** Where the keyboard is, and how wide the ring around it. */
export const focused = (page: Page) => page.evaluate(() => {
  const at = document.activeElement, { outlineStyle, outlineWidth } = getComputedStyle(at)
  return { id: at.id, tag: at.tagName, ring: outlineStyle === 'solid' ? outlineWidth : 'none' }
})

/** Equal, unless one must scroll sideways. */
export const widths = (page: Page) => page.evaluate(() => ({ content: document.documentElement.scrollWidth, view: document.documentElement.clientWidth }))

export const paper = (page: Page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor)

/** Contrast of each text with what is behind it, and of each field's edge (WCAG 2.2: 1.4.3 and 1.4.11). */
export const contrasts = (page: Page) => page.evaluate(() => {
  const channels = (css: string) => (css.match(/[\d.]+/g) ?? []).map(Number)
  const light = (css: string) => {
    const [r = 0, g = 0, b = 0] = channels(css).slice(0, 3).map((value) => value / 255).map((value) => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const behind = (at: Element | null): string => {
    if (!at) return 'rgb(255, 255, 255)'
    const { backgroundColor } = getComputedStyle(at)
    return channels(backgroundColor)[3] === 0 ? behind(at.parentElement) : backgroundColor
  }
  const ratio = (a: string, b: string) => {
    const [low = 0, high = 0] = [light(a), light(b)].sort((x, y) => x - y)
    return (high + 0.05) / (low + 0.05)
  }
  const all = [...document.querySelectorAll('main *')], fields = all.filter(({ tagName }) => tagName === 'INPUT')
  const texts = all.filter((at) => fields.includes(at) || [...at.childNodes].some(({ nodeType, nodeValue }) => nodeType === 3 && nodeValue?.trim() !== ''))
  return {
    texts: texts.map((at) => ({ what: `${at.tagName} ${at.textContent.slice(0, 20)}`, ratio: ratio(getComputedStyle(at).color, behind(at)) })),
    edges: fields.map((at) => ({ what: at.id, ratio: ratio(getComputedStyle(at).borderTopColor, behind(at.parentElement)) })),
  }
})
