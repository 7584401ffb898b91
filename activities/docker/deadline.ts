/** Our own end to every engine call: if the engine dies after its response headers, dockerode never settles. */

/** The engine did not answer in time; whether it did the work is unknown. */
export class EngineLate extends Error {
  override name = 'EngineLate'
}

export interface Limit {
  readonly ms: number
  /** Named in the error: "The engine did not {what} within 30 s." */
  readonly what: string
  readonly signal?: AbortSignal | undefined
}

/** Rejects at the deadline or when `signal` fires, whatever `run` does; its request is aborted then. */
export function within<T>({ ms, what, signal }: Limit, run: (abortSignal: AbortSignal) => Promise<T>): Promise<T> {
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
    const timer = setTimeout(() => giveUp(new EngineLate(`The engine did not ${what} within ${ms / 1000} s.`)), ms)
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
