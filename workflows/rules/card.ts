/** A lease as its member sees it in chat: what of its state a card holds, and how that reads. */
import type { ButtonVerb, Card, Message, Button } from '../link/terms.ts'
import type { LeaseStatus, Notice } from '../terms.ts'
import { keepsFiles } from './files.ts'

/** Notices that stay true until something else is said. */
const lasting: ReadonlySet<Notice['kind']> = new Set(['warning', 'idle', 'trouble', 'rights'])

export function cardOf(status: LeaseStatus): Card {
  const { key, name, image, phase, site, fqdn, endpoints, queue, until, held, ending, notices, place } = status
  const word = notices.at(-1)
  return {
    key, name, image, phase, site,
    endpoints: endpoints.map(({ port, hostPort, fqdn }) => ({ port, hostPort, fqdn })),
    ...(fqdn !== undefined && { fqdn }), ...(queue && { queue }), ...(until !== undefined && { until }),
    ...(place && !keepsFiles(place) && { losesFiles: true as const }),
    ...(held && { held: { until: held.until, reason: held.reason } }),
    ...(ending && { ending: ending.sentence }),
    ...(!ending && word && lasting.has(word.kind) && { word: { at: word.at, kind: word.kind, sentence: word.sentence } }),
  }
}

/** How a moment is written for the reader: each platform has its own way to the reader's time zone. */
export type When = (at: number) => string

/** `progress`: what its start is at, like "pulling 40 %". */
export function sayCard(card: Card, when: When, progress?: string): Message {
  return { lines: [headline(card, when, progress), ...details(card, when)], buttons: buttonsOf(card) }
}

/** A warning is a message of its own, for an edited card wakes nobody. */
export const sayWord = (card: Card): Message =>
  ({ lines: [card.word?.sentence ?? ''], buttons: buttonsOf(card).filter(({ verb }) => verb !== 'logs') })

function headline({ name, image, phase, site, queue, until, losesFiles, ending }: Card, when: When, progress: string | undefined): string {
  const it = `**${name}** (${image})`
  switch (phase) {
    case 'waiting': return queue ? `${it} waits in line at ${site}, place ${queue.position}: ${queue.reason}.` : `${it} is asked for at ${site}.`
    case 'starting': return `${it} is starting at ${site}${progress === undefined ? '' : `: ${progress}`}.`
    case 'ready': return `${it} is ready until ${when(until ?? 0)}.`
    case 'paused':
      if (losesFiles) return `${it} is paused; its files are not kept${until === undefined ? '' : `, and it ends ${when(until)}`}.`
      return `${it} is paused; its files are kept${until === undefined ? '' : ` until ${when(until)}`}.`
    case 'ending': return `${it} is being taken back.`
    case 'ended': return `${it} is over: ${ending ?? 'it has ended.'}`
    default: return phase satisfies never
  }
}

function details({ phase, endpoints, held, word, queue }: Card, when: When): string[] {
  if (phase === 'ending' || phase === 'ended') return []
  return [
    ...endpoints.map((end) => `port ${end.port} is at \`${end.fqdn}:${end.hostPort}\``),
    ...(phase === 'paused' && queue ? [`It waits to be woken, place ${queue.position}: ${queue.reason}.`] : []),
    ...(held ? [`An admin holds it until ${when(held.until)}: ${held.reason}`] : []),
    ...(word ? [word.sentence] : []),
  ]
}

const extend: Button = { verb: 'extend', label: 'Extend' }
const logs: Button = { verb: 'logs', label: 'Logs' }
const resume: Button = { verb: 'resume', label: 'Resume' }
const giveBack = (name: string): Button =>
  ({ verb: 'return', label: 'Return', style: 'danger', confirm: `Return ${name}? Its container and its files go for good.` })

function buttonsOf({ name, phase }: Card): readonly Button[] {
  switch (phase) {
    case 'ready': return [extend, logs, giveBack(name)]
    case 'paused': return [resume, giveBack(name)]
    // Nothing is there that could be lost.
    case 'waiting': case 'starting': return [{ verb: 'return', label: 'Cancel' }]
    case 'ending': case 'ended': return []
    default: return phase satisfies never
  }
}

export const isButtonVerb = (verb: unknown): verb is ButtonVerb =>
  (['extend', 'return', 'resume', 'logs'] satisfies ButtonVerb[] as readonly unknown[]).includes(verb)
