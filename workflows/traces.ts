/**
 * Carries the context of a trace (W3C) through a story: from the message that came in to the steps, children and signals
 * that follow from it, and tells the worker of a span for each. In the bundle only while traces are on.
 * Not the SDK's own: those await between a call and its command, so that a lease recorded under them answers its updates
 * in another place and does not replay without them (1.24.0). Here nothing awaits: on or off, the commands are the same.
 */
import { AsyncLocalStorage, ContinueAsNew, proxySinks, workflowInfo, type Sinks, type WorkflowInterceptorsFactory } from '@temporalio/workflow'
import { ApplicationFailure, defaultPayloadConverter, type Headers } from '@temporalio/common'

/** What the SDK's interceptors for clients and activities call it. */
const header = '_tracer-data'

/** `traceparent`, and what else belongs to the context. */
type Carried = Readonly<Record<string, string>>

export interface StorySpan {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly parentId: string
  readonly startedAt: number
  readonly endedAt: number
  /** Type of the failure, never its message: that may quote a container. */
  readonly failed?: string
}

export interface TraceSinks extends Sinks {
  traces: { ended(span: StorySpan): void }
}

const { traces } = proxySinks<TraceSinks>()

export const interceptors: WorkflowInterceptorsFactory = () => {
  const active = new AsyncLocalStorage<Carried>()
  let spans = 0

  /** Runs under a span of its own when the message brings a context; leaves the promise itself as it is. */
  const under = <R>(name: string, carried: Carried | undefined, act: () => Promise<R>): Promise<R> => {
    const [, traceId, parentId, flags] = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(carried?.['traceparent'] ?? '') ?? []
    if (!carried || !traceId || !parentId || !flags) return act()
    const spanId = idOf(`${workflowInfo().runId}/${++spans}`), startedAt = Date.now()
    const end = (failed?: string) => {
      if ((parseInt(flags, 16) & 1) === 0) return // not sampled
      traces.ended({ name, traceId, spanId, parentId, startedAt, endedAt: Date.now(), ...(failed !== undefined && { failed }) })
    }
    const done = active.run({ ...carried, traceparent: `00-${traceId}-${spanId}-${flags}` }, act)
    done.then(() => end(), (error: unknown) => end(error instanceof ContinueAsNew ? undefined : kindOf(error)))
    return done
  }
  const passed = <I extends { readonly headers: Headers }>(input: I): I => {
    const carried = active.getStore()
    return carried ? { ...input, headers: { ...input.headers, [header]: defaultPayloadConverter.toPayload(carried) } } : input
  }

  return {
    inbound: [{
      // Only a child belongs to what started it: an account would grow the trace of its first message for days.
      execute: (input, next) => under(`RunWorkflow:${workflowInfo().workflowType}`, workflowInfo().parent && carriedBy(input.headers), () => next(input)),
      handleUpdate: (input, next) => under(`HandleUpdate:${input.name}`, carriedBy(input.headers), () => next(input)),
      handleSignal: (input, next) => under(`HandleSignal:${input.signalName}`, carriedBy(input.headers), () => next(input)),
    }],
    outbound: [{
      scheduleActivity: (input, next) => next(passed(input)),
      scheduleLocalActivity: (input, next) => next(passed(input)),
      startChildWorkflowExecution: (input, next) => next(passed(input)),
      signalWorkflow: (input, next) => next(passed(input)),
      continueAsNew: (input, next) => next(passed(input)),
    }],
    internals: [{
      dispose(input, next) {
        active.disable()
        next(input)
      },
    }],
  }
}

const carriedBy = (headers: Headers): Carried | undefined => headers[header] && defaultPayloadConverter.fromPayload<Carried>(headers[header])

const kindOf = (error: unknown): string => (error instanceof ApplicationFailure && error.type) || (error instanceof Error ? error.name : 'Error')

/** FNV-1a in 64 bits. The same in each replay, and no number is taken from those that the story draws. */
function idOf(text: string): string {
  let hash = 0xcbf29ce484222325n
  for (let at = 0; at < text.length; at++) hash = BigInt.asUintN(64, (hash ^ BigInt(text.charCodeAt(at))) * 0x100000001b3n)
  return hash.toString(16).padStart(16, '0')
}
