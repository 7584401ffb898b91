/** One lend as a member sees it, timed: from the request to the gateway's answer, and to ready. */
import type { Berth } from '../../client/berth.ts'
import { Refused } from '../../client/refused.ts'
import { statusQuery } from '../../workflows/contract.ts'
import { refusalClass } from '../../workflows/refusals.ts'
import type { Receipt } from '../../workflows/terms.ts'
import type { Stage } from './stage.ts'

export interface Lent {
  readonly receipt: Receipt
  readonly berth: Berth
  /** From the request to the gateway's answer. */
  readonly answerMs: number
  /** Until the story knows that container and name are there: its own moment of ready, on the same clock. */
  readonly readyMs: number
  /** That moment. */
  readonly readyAt: number
}

export interface Lender {
  /** Resolves once it is ready. */
  lend(berth: Berth): Promise<Lent>
  /** The moment of ready of a lease that was lent otherwise, at `began`. */
  untilReady(lease: Pick<Receipt, 'key' | 'leaseId'>, began: number): Promise<number>
  /** Returns it, and waits for the end of its story: the proof that nothing is left. */
  takeBack(lent: Pick<Lent, 'berth'> & { readonly receipt: Pick<Receipt, 'key' | 'leaseId'> }): Promise<void>
  close(): void
}

const withinMs = 60_000

/**
 * The story is asked only once the engine has started the container, and then until it says ready: asking all the time
 * would load what is measured.
 */
export async function openLender({ client, followStarts }: Stage): Promise<Lender> {
  const started = await followStarts()
  const untilReady: Lender['untilReady'] = async ({ key, leaseId }, began) => {
    const story = client.workflow.getHandle(leaseId)
    await started.of(key, withinMs).catch(async (error: Error) => {
      const { phase, queue, timeline } = await story.query(statusQuery)
      throw new Error(`${error.message} It is ${phase}${queue ? ` (${queue.reason})` : ''}: ${timeline.map(({ at, what }) => `${at - began} ms ${what}`).join('; ')}`)
    })
    for (const deadline = Date.now() + withinMs; ; await pause(8)) {
      // Asked between two of its steps it says "ask again".
      const status = await story.query(statusQuery).catch(() => undefined)
      if (status?.readyAt !== undefined) return status.readyAt
      if (status?.ending || Date.now() > deadline) throw new Error(`A lease is not ready: ${status?.ending?.sentence ?? 'it took too long'}`)
    }
  }
  return {
    async lend(berth) {
      const began = Date.now()
      const receipt = await berth.lend({ image: 'web' })
      const answerMs = Date.now() - began
      const readyAt = await untilReady(receipt, began)
      return { receipt, berth, answerMs, readyMs: readyAt - began, readyAt }
    },
    untilReady,
    async takeBack({ berth, receipt }) {
      await again(() => berth.returnLease(receipt.key))
      await client.workflow.getHandle(receipt.leaseId).result()
    },
    close: () => started.close(),
  }
}

/** As a member would who reads "try the same again in a moment"; it is not on the clock. */
async function again(step: () => Promise<unknown>): Promise<void> {
  for (let left = 5; ; left--) {
    try {
      return void await step()
    } catch (error) {
      if (!(error instanceof Refused) || refusalClass[error.refusal.kind] !== 'try later' || left === 0) throw error
      await pause(500)
    }
  }
}

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms))
