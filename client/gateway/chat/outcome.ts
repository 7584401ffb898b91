/** What becomes of a request: one log line, a sentence for whatever was thrown, and an answer in time. */
import { asRefusal } from '../failures.ts'
import type { GatewayOptions } from '../options.ts'
import type { From } from './needs.ts'
import { refusedReply, type Reply } from './reply.ts'

const late: Reply = {
  text: 'Berth has not confirmed this yet. It may still happen: look with `/berth list` in a moment. Writing the same again within 10 s does nothing twice.',
}

/** Never throws: what is our own fault becomes a request id. */
export async function told({ user, requestId, noted }: From, { what, step, options }: { readonly what: string; readonly step: () => Promise<Reply>; readonly options: GatewayOptions }): Promise<Reply> {
  const begun = options.now()
  const log = (outcome: string, more = {}) => options.log({
    level: outcome === 'unexpected' ? 'error' : outcome === 'tryLater' ? 'warn' : 'info',
    what, platform: user.platform, tenant: user.tenant, user: user.user, ...noted, requestId, outcome, ms: options.now() - begun, ...more,
  })
  try {
    const reply = await step()
    log('done')
    return reply
  } catch (error) {
    const refusal = asRefusal(error)
    log(refusal?.kind ?? 'unexpected', refusal ? {} : { error: String(error) })
    return refusal ? refusedReply(refusal) : { text: `Something went wrong in Berth itself; tell an admin the request id ${requestId}.` }
  }
}

/** What takes longer goes on, and the user reads what to do. */
export async function inTime(ms: number, answer: Promise<Reply>): Promise<Reply> {
  let timer: NodeJS.Timeout | undefined
  const waited = new Promise<Reply>((resolve) => { timer = setTimeout(resolve, ms, late) })
  try {
    return await Promise.race([answer, waited])
  } finally {
    clearTimeout(timer)
  }
}
