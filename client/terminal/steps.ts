/** Live steps of a lease: redrawn in place in a terminal, one plain line each in a pipe, JSON lines for a program. */
import { printable, sayMoment, sayTime } from '../commands/words.ts'
import type { LeaseEvent } from '../berth.ts'
import { keepsFiles } from '../../workflows/rules/files.ts'
import type { LeaseStatus } from '../../workflows/terms.ts'

export interface Screen {
  readonly write: (text: string) => void
  /** Columns of the terminal; undefined in a pipe. */
  readonly columns: number | undefined
}

/** How a lease stands, in one line. */
export function headline(it: LeaseStatus): string {
  const where = it.endpoints.map((end) => `${end.fqdn}:${end.hostPort}`).join(' ')
  switch (it.phase) {
    case 'waiting': return it.queue ? `${it.name} waits at place ${it.queue.position}: ${it.queue.reason}` : `${it.name} waits for a place`
    case 'starting': return `${it.name} starts${it.host === undefined ? '' : ` on ${it.host}`}`
    case 'ready': return `${it.name} is ready${where === '' ? '' : ` at ${where}`}${it.until === undefined ? '' : ` until ${sayMoment(it.until)}`}`
    case 'paused': return `${it.name} sleeps${keepsFiles(it.place) ? '' : '; its files are not kept'}`
    case 'ending': return `${it.name} ends`
    case 'ended': return `${it.name} is over: ${it.ending?.sentence ?? 'nothing more is known.'}`
  }
}

export interface Steps {
  show(event: LeaseEvent): void
  /** The last state that was seen. */
  readonly last: LeaseStatus | undefined
}

export function plainSteps({ write }: Screen): Steps {
  let last: LeaseStatus | undefined
  return {
    get last() {
      return last
    },
    show(event) {
      if (event.event === 'step') write(`${sayTime(event.data.at)}  ${printable(event.data.what)}\n`)
      if (event.event === 'status') {
        const line = headline(event.data)
        if (!last || headline(last) !== line) write(`${printable(line)}\n`)
        last = event.data
      }
    },
  }
}

/** Steps grow upwards; the last line says how the lease stands and is written anew each time. */
export function liveSteps({ write, columns }: Screen): Steps {
  let last: LeaseStatus | undefined, drawn = false
  const wide = Math.max(20, (columns ?? 80) - 1)
  const draw = (above: string | undefined) => {
    const state = last ? `▸ ${printable(headline(last))}` : undefined
    write(`${drawn ? '\u001b[1A\u001b[2K' : ''}${above === undefined ? '' : `${above}\n`}`)
    // Cut to one row of the terminal while it may still change, so that one line up is the whole of it.
    if (state !== undefined) write(`${last && ['ready', 'ended', 'paused'].includes(last.phase) ? state : cut(state, wide)}\n`)
    drawn = state !== undefined
  }
  return {
    get last() {
      return last
    },
    show(event) {
      if (event.event === 'step') draw(cut(`  ${sayTime(event.data.at)}  ${printable(event.data.what)}`, wide))
      if (event.event === 'status') {
        last = event.data
        draw(undefined)
      }
    },
  }
}

export function jsonSteps({ write }: Screen): Steps {
  let last: LeaseStatus | undefined
  return {
    get last() {
      return last
    },
    show(event) {
      if (event.event === 'status') last = event.data
      write(`${JSON.stringify({ event: event.event, ...event.data })}\n`)
    },
  }
}

const cut = (text: string, wide: number): string => text.length > wide ? `${text.slice(0, wide - 1)}…` : text
