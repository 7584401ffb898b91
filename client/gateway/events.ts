/** Live steps of one lease as server-sent events: looks at it again and again, less often while nothing happens. */
import type { Context } from 'hono'
import { streamSSE } from 'hono/streaming'
import type { LeaseStatus, TimelineEntry } from '../../workflows/terms.ts'
import type { Door } from '../commands/door.ts'
import { isGone, isPassing } from './failures.ts'
import type { GatewayOptions } from './options.ts'

/** An entry's id: its moment, and which one of that moment it is, so that a timeline that dropped old entries still resumes. */
export function idsOf(timeline: readonly TimelineEntry[]): { readonly id: string; readonly entry: TimelineEntry }[] {
  let at = -1, nth = 0
  return timeline.map((entry) => {
    nth = entry.at === at ? nth + 1 : 0
    at = entry.at
    return { id: `${at}.${nth}`, entry }
  })
}

/** Entries that come after the one with this id. */
export function after(timeline: readonly TimelineEntry[], last: string | undefined): { readonly id: string; readonly entry: TimelineEntry }[] {
  const [, at, nth] = /^(\d{1,15})\.(\d{1,6})$/.exec(last ?? '') ?? []
  if (at === undefined || nth === undefined) return idsOf(timeline)
  return idsOf(timeline).filter(({ id, entry }) => entry.at > Number(at) || (entry.at === Number(at) && Number(id.split('.')[1]) > Number(nth)))
}

/** Nothing more happens until somebody wants something. */
export const isSettled = (status: LeaseStatus): boolean => ['ready', 'paused', 'ended'].includes(status.phase)

/** A lease whose account has just answered may not have begun; longer than this, it is not there. */
export const beginsWithinMs = 10_000

type Follow = { readonly leaseId: string; readonly door: Pick<Door, 'status'>; readonly options: GatewayOptions; readonly done: () => void }

/**
 * Events: `step` {at, what} per timeline entry, with an id to resume from; `status` (the whole state) whenever phase,
 * place in line or end change; at last `end` {phase, reason: settled | gone | later}. "later": come again with Last-Event-ID.
 */
export function followLease(c: Context, { leaseId, door, options, done }: Follow): Response {
  let last = c.req.header('last-event-id'), shown = ''
  const stopped = new AbortController()
  return streamSSE(c, async (stream) => {
    stream.onAbort(() => stopped.abort())
    const begun = options.now()
    let pause = options.eventFirstMs, trouble = 0
    try {
      while (!stopped.signal.aborted) {
        const status = await door.status(leaseId).catch((error: unknown) => {
          const early = isGone(error) && options.now() - begun < beginsWithinMs
          if (early || (isPassing(error) && ++trouble < 10)) return undefined
          if (isGone(error) || isPassing(error)) return isGone(error) ? 'gone' as const : 'later' as const
          throw error
        })
        if (status === 'gone' || status === 'later') return await stream.writeSSE({ event: 'end', data: JSON.stringify({ reason: status }) })
        if (status) {
          trouble = 0
          const fresh = after(status.timeline, last)
          for (const { id, entry } of fresh) await stream.writeSSE({ event: 'step', id, data: JSON.stringify(entry) })
          last = fresh.at(-1)?.id ?? last
          const state = JSON.stringify([status.phase, status.queue, status.until, status.fqdn])
          if (state !== shown) await stream.writeSSE({ event: 'status', data: JSON.stringify(status) })
          pause = state !== shown || fresh.length > 0 ? options.eventFirstMs : Math.min(pause * 1.5, options.eventMostMs)
          shown = state
          if (isSettled(status)) {
            return await stream.writeSSE({ event: 'end', data: JSON.stringify({ reason: 'settled', phase: status.phase }) })
          }
        }
        if (options.now() - begun > options.eventLongestMs) return await stream.writeSSE({ event: 'end', data: '{"reason":"later"}' })
        await wait(pause, stopped.signal)
      }
    } finally {
      done()
    }
  }, async (error, stream) => {
    options.log({ level: 'error', what: 'events failed', requestId: c.get('requestId') as string, error: String(error) })
    await stream.writeSSE({ event: 'end', data: '{"reason":"later"}' })
  })
}

function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const go = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', go)
      resolve()
    }
    const timer = setTimeout(go, ms)
    signal.addEventListener('abort', go, { once: true })
    if (signal.aborted) go()
  })
}
