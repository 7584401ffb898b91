/** Our own end to every call of an engine or a cluster: if one dies after its response headers, dockerode never settles. */

/** No answer in time; whether the work was done is unknown. */
export class CallLate extends Error {
  override name = 'CallLate'
}

export interface Limit {
  readonly ms: number
  /** Named in the error: "{who} did not {what} within 30 s." */
  readonly what: string
  /** Default "The engine". */
  readonly who?: string
  readonly signal?: AbortSignal | undefined
}

/** Rejects at the deadline or when `signal` fires, whatever `run` does; its request is aborted then. */
export function within<T>({ ms, what, signal, who = 'The engine' }: Limit, run: (abortSignal: AbortSignal) => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const request = new AbortController()
    const settle = (how: () => void) => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', cancel)
      how()
    }
    const giveUp = (error: Error) => settle(() => {
      reject(error)
      request.abort()
    })
    const cancel = () => giveUp(cancelled(signal))
    const timer = setTimeout(() => giveUp(new CallLate(`${who} did not ${what} within ${ms / 1000} s.`)), ms)
    if (signal?.aborted) return cancel()
    signal?.addEventListener('abort', cancel, { once: true })
    run(request.signal).then((value) => settle(() => resolve(value)), (error: unknown) => settle(() => reject(error as Error)))
  })
}

/** Ends early, with the signal's reason, when it fires. */
export const pause = (ms: number, signal?: AbortSignal): Promise<void> => new Promise((resolve, reject) => {
  const end = () => {
    clearTimeout(timer)
    reject(cancelled(signal))
  }
  const timer = setTimeout(() => {
    signal?.removeEventListener('abort', end)
    resolve()
  }, ms)
  if (signal?.aborted) end()
  else signal?.addEventListener('abort', end, { once: true })
})

function cancelled(signal: AbortSignal | undefined): Error {
  return signal?.reason instanceof Error ? signal.reason : new Error('Cancelled.')
}
