/** Fetches an image, reading the engine's own account of it: errors come inside the stream, and a cut stream looks ended. */
import { CannotRun, type Signs } from '../../workflows/ports.ts'
import { CallLate } from '../deadline.ts'
import type { Engine } from './engine.ts'
import { diskFull, isFull, saidBy, statusOf } from './failures.ts'
import { PullProgress } from './progress.ts'

/** A line of the stream that is longer is dropped: it is the engine's, but the text in it comes from a registry. */
const longestLine = 64 * 1024
/** Between two heartbeats that tell progress. */
const tellMs = 1000

export async function pull(engine: Engine, reference: string, { signal, heartbeat }: Signs): Promise<void> {
  const { client, pullSilenceMs } = engine
  const request = new AbortController(), cancel = () => request.abort(signal.reason)
  let silence: NodeJS.Timeout | undefined
  const alive = () => {
    clearTimeout(silence)
    silence = setTimeout(() => {
      request.abort(new CallLate(`The engine said nothing for ${pullSilenceMs / 1000} s while it pulled ${reference}.`))
    }, pullSilenceMs)
  }
  signal.addEventListener('abort', cancel, { once: true })
  try {
    signal.throwIfAborted()
    alive()
    heartbeat(`pulls ${reference}`)
    const stream = await client.ask('begin a pull', () => client.docker.pull(reference, { abortSignal: request.signal }), { ms: pullSilenceMs, signal })
    const progress = new PullProgress()
    let told = 0
    for await (const line of lines(stream as AsyncIterable<Buffer>)) {
      alive()
      const failed = errorIn(line)
      if (failed !== undefined) throw new Error(failed)
      const percent = progress.take(line)
      if (Date.now() - told < tellMs) continue
      told = Date.now()
      heartbeat(`pulls ${reference}${percent === undefined ? '' : `, ${percent} %`}`)
    }
  } catch (error) {
    throw request.signal.aborted ? request.signal.reason : pullFailure(error, reference)
  } finally {
    clearTimeout(silence)
    signal.removeEventListener('abort', cancel)
    request.abort()
  }
}

/** Lines of a stream, each at most `longestLine` long; throws when the stream breaks. */
export async function* lines(stream: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of stream) {
    rest += decoder.decode(chunk, { stream: true })
    const parts = rest.split('\n')
    rest = parts.pop() ?? ''
    if (rest.length > longestLine) rest = ''
    yield* parts
  }
  if (rest !== '') yield rest
}

function errorIn(line: string): string | undefined {
  try {
    const { error } = JSON.parse(line) as { error?: unknown }
    return typeof error === 'string' ? error : undefined
  } catch {
    return undefined
  }
}

/** A registry that says "no such image" is believed; anything else may pass. */
export function pullFailure(error: unknown, reference: string): Error {
  const said = saidBy(error)
  if (isFull(error)) return diskFull(error)
  if (statusOf(error) === 404 || statusOf(error) === 400 || /manifest unknown|name unknown|repository does not exist|pull access denied/i.test(said)) {
    return new CannotRun('unknownImage', `There is no image ${reference} to be had: ${said}.`)
  }
  return new Error(`The image ${reference} could not be pulled: ${said}`, { cause: error })
}
