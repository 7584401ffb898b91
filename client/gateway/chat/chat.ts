/** What every chat platform asks of Berth: a typed line, a press of a button, a form. The platforms only prove, parse and render. */
import { nanoid } from 'nanoid'
import type { ChatUser } from '../../../workflows/link/terms.ts'
import { stop } from '../../refused.ts'
import { commandOf } from '../../commands/parse.ts'
import type { ChatNeeds, From } from './needs.ts'
import { inTime, told } from './outcome.ts'
import { press } from './press.ts'
import type { Reply } from './reply.ts'
import { sealContext } from './seal.ts'
import { defaultAnswerMs } from './settings.ts'
import { type Fields, formOf, readForm, submit } from './submit.ts'
import { createPerform } from './type.ts'

type Request = Omit<From, 'noted'>

/** Nothing here throws. */
export interface Chat {
  type(from: Request & { readonly line: string; readonly openForm: OpenForm }): Promise<Reply>
  click(from: Request & { readonly context: unknown }): Promise<Reply>
  /** `errors`: what is wrong with which field, so that the form stays open. */
  submit(from: Request & { readonly state: unknown; readonly fields: Fields }): Promise<{ readonly reply: Reply } | { readonly errors: Readonly<Record<string, string>> }>
}

/** Opens the platform's form of `lend`, which bears this sealed state. Undefined when it is open, else why not. */
export type OpenForm = (state: string) => Promise<string | undefined>

const formMs = 10 * 60_000

export function createChat(needs: ChatNeeds): Chat {
  const { options, settings, chatSeals, links } = needs, perform = createPerform(needs)
  const answered = (request: Request, what: string, step: (from: From) => Promise<Reply>): Promise<Reply> => {
    const from: From = { ...request, noted: {} }
    return inTime(settings.answerMs ?? defaultAnswerMs, told(from, { what, step: () => step(from), options }))
  }
  /** Undefined for somebody who must be linked first. */
  async function formState(user: ChatUser): Promise<string | undefined> {
    const { linked } = await links.who(user).catch(() => ({ linked: undefined }))
    return linked && sealContext(chatSeals, 'dialog', { verb: 'lend', who: user, id: nanoid(), exp: options.now() + formMs })
  }

  return {
    async type({ line, openForm, ...from }) {
      const state = line.trim() === 'lend' ? await formState(from.user) : undefined
      if (state !== undefined) {
        const { user: { platform, tenant }, requestId } = from, why = await openForm(state)
        if (why === undefined) return { text: 'Fill in the form, or type it all in one line: `/berth lend IMAGE --for 2h`.' }
        options.log({ level: 'warn', what: 'chat form not opened', platform, tenant, requestId, why })
      }
      return answered(from, 'chat line', (noted) => perform(noted, line))
    },
    click: ({ context, ...from }) => answered(from, 'chat button', (noted) => press(noted, context, needs)),
    async submit({ state, fields, ...from }) {
      const context = formOf(from, state, needs)
      if (!context) return { reply: await answered(from, 'chat form', () => Promise.reject(stop('badSeal', 'This form is too old, or not one of Berth’s. Write: berth lend'))) }
      const command = commandOf(context.verb), read = readForm(command, fields)
      if ('errors' in read) return read
      return { reply: await answered(from, 'chat form', (noted) => submit(noted, { context, command, args: read.args, needs })) }
    },
  }
}
