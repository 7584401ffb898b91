/**
 * Optional OpenTelemetry traces, from the gateway's message to the steps of a lease. The packages are no part of an
 * installation without them: they are loaded when the configuration names an endpoint.
 */
import type { SpanExporter, ReadableSpan } from '@opentelemetry/sdk-trace-base'
import type { ActivityInterceptorsFactory, InjectedSinks } from '@temporalio/worker'
import type { ClientInterceptors } from '@temporalio/client'
import type { StorySpan, TraceSinks } from '../workflows/traces.ts'
import { say } from './log.ts'

export interface Traces {
  readonly client: ClientInterceptors
  readonly activity: ActivityInterceptorsFactory
  /** Spans of stories, which end while they are not replayed. */
  readonly sinks: InjectedSinks<TraceSinks>
  /** Sends what is left, for a few seconds at most. */
  stop(): Promise<void>
}

export interface TracesOptions {
  /** Base address of an OTLP receiver over HTTP, `http://127.0.0.1:4318`; `OTEL_EXPORTER_OTLP_HEADERS` may hold its token. */
  readonly endpoint: string
  readonly instance: string
  readonly warn?: (message: string) => void
}

const sendMs = 5_000

export async function startTraces({ endpoint, instance, warn = (message) => say('warn', message) }: TracesOptions): Promise<Traces> {
  const { otlp, resources, context, sdk, temporal, api } = await packages()
  const url = `${endpoint.replace(/\/$/, '')}/v1/traces`
  const resource = resources.Resource.default().merge(new resources.Resource({ 'service.name': 'berth', 'service.namespace': instance }))
  const processor = new sdk.BatchSpanProcessor(discreet(new otlp.OTLPTraceExporter({ url, timeoutMillis: sendMs }), (sentence) => warn(`${url}: ${sentence}`)))
  const provider = new sdk.BasicTracerProvider({ resource, spanProcessors: [processor] })
  // Once per process: a second call leaves them as they are. Spans themselves go to the tracer that is named here.
  provider.register({ contextManager: new context.AsyncLocalStorageContextManager().enable() })
  const tracer = provider.getTracer('berth')

  class Messages extends temporal.OpenTelemetryWorkflowClientInterceptor {
    /** Looks at stories are many, and tell nothing of a lease. */
    override query: NonNullable<InstanceType<typeof temporal.OpenTelemetryWorkflowClientInterceptor>['query']> = (input, next) => next(input)
    override describe: NonNullable<InstanceType<typeof temporal.OpenTelemetryWorkflowClientInterceptor>['describe']> = (input, next) => next(input)
  }

  const told = ({ name, traceId, spanId, parentId, startedAt, endedAt, failed }: StorySpan, workflowId: string, runId: string): ReadableSpan => ({
    name, kind: api.SpanKind.INTERNAL, parentSpanId: parentId, spanContext: () => ({ traceId, spanId, traceFlags: api.TraceFlags.SAMPLED }),
    startTime: hrTime(startedAt), endTime: hrTime(endedAt), duration: hrTime(endedAt - startedAt), ended: true,
    status: { code: failed === undefined ? api.SpanStatusCode.OK : api.SpanStatusCode.ERROR },
    attributes: { temporalWorkflowId: workflowId, temporalRunId: runId, ...(failed !== undefined && { 'error.type': failed }) },
    links: [], events: [], resource, instrumentationLibrary: { name: 'berth' },
    droppedAttributesCount: 0, droppedEventsCount: 0, droppedLinksCount: 0,
  })

  return {
    client: { workflow: [new Messages({ tracer })] },
    activity: (activity) => ({
      inbound: new temporal.OpenTelemetryActivityInboundInterceptor(activity, { tracer }),
      outbound: new temporal.OpenTelemetryActivityOutboundInterceptor(activity),
    }),
    sinks: { traces: { ended: { fn: ({ workflowId, runId }, span) => processor.onEnd(told(span, workflowId, runId)) } } },
    stop: () => provider.shutdown().catch(() => undefined), // what could not be sent was told of
  }
}

const hrTime = (ms: number): [number, number] => [Math.floor(ms / 1_000), Math.round((ms % 1_000) * 1e6)]

/** Messages of errors stay here: one may quote a container's last lines. A receiver that is away is told of once. */
function discreet(exporter: SpanExporter, warn: (sentence: string) => void): SpanExporter {
  let away = false
  return {
    export: (spans, done) => exporter.export(spans.map(wordless), (result) => {
      if (result.code !== 0 && !away) warn(`spans are dropped until it takes them: ${result.error?.message ?? 'no reason given'}`)
      away = result.code !== 0
      done(result)
    }),
    shutdown: () => exporter.shutdown(),
    ...(exporter.forceFlush && { forceFlush: () => exporter.forceFlush!() }),
  }
}

const kept: ReadonlySet<string> = new Set(['exception.type'])

function wordless(span: ReadableSpan): ReadableSpan {
  const events = span.events.map((event) => ({ ...event, attributes: Object.fromEntries(Object.entries(event.attributes ?? {}).filter(([name]) => kept.has(name))) }))
  return Object.create(span, { status: { value: { code: span.status.code } }, events: { value: events } }) as ReadableSpan
}

async function packages() {
  try {
    const [api, context, otlp, resources, sdk, temporal] = await Promise.all([
      import('@opentelemetry/api'), import('@opentelemetry/context-async-hooks'), import('@opentelemetry/exporter-trace-otlp-http'),
      import('@opentelemetry/resources'), import('@opentelemetry/sdk-trace-base'), import('@temporalio/interceptors-opentelemetry'),
    ])
    return { api, context, otlp, resources, sdk, temporal }
  } catch (error) {
    const missing = /Cannot find (?:package|module) '([^']+)'/.exec(error instanceof Error ? error.message : '')?.[1]
    if (missing === undefined) throw error
    throw new Error(`The configuration asks for traces, and the package ${missing} is not installed: npm ci brings it, npm ci --omit=dev does not; or take traces out of the configuration.`, { cause: error })
  }
}
