/** Asks directory and policy. Whoever asks while one question is under way shares the next answer, so that a burst asks twice. */
import { proxyLocalActivities } from '@temporalio/workflow'
import { refuse, rootMessage } from '../refuse.ts'
import type { CoreSteps, Standing } from '../steps.ts'
import { localRequest } from '../timeouts.ts'

/**
 * A local activity: it runs where the story does and within the same workflow task, which spares whoever waits two
 * hand-overs of the server. It is short, read-only, and asked anew when its worker dies; of two that end side by side
 * the order would be lost, so `askTogether` runs one at a time.
 */
const { entitle } = proxyLocalActivities<CoreSteps>({ ...localRequest, summary: 'What may this member do now?' })

/** The answer always comes from a question that began after the call. */
export function askTogether(member: string): () => Promise<Standing> {
  let running: Promise<Standing> | undefined, following: Promise<Standing> | undefined
  return function ask(): Promise<Standing> {
    if (!running) {
      running = entitle(member).finally(() => { running = undefined })
      return running
    }
    const begin = (): Promise<Standing> => {
      following = undefined
      return ask()
    }
    following ??= running.then(begin, begin)
    return following
  }
}

/** For a member who waits: trouble becomes the refusal "try later". */
export async function standingOrLater(ask: () => Promise<Standing>, nothingDone: string): Promise<Standing> {
  try {
    return await ask()
  } catch (error) {
    throw refuse('tryLater', `${sentence(rootMessage(error))} ${nothingDone} Try again in a minute.`)
  }
}

const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`)
