/** How a Mattermost server is answered: always 200, or its user reads only that it was not. */
import type { Context } from 'hono'
import type { Reply } from '../reply.ts'

/** A command and a click read different fields; each leaves the other alone. */
export const answer = (c: Context, text: string): Response =>
  c.json({ response_type: 'ephemeral', text, ephemeral_text: text, skip_slack_parsing: true })

export const render = ({ text, code }: Reply): string => [text, ...code === undefined ? [] : ['```', code, '```']].filter((part) => part !== '').join('\n')

export const isMattermost = (c: Context): boolean => c.req.path.startsWith('/chat/mattermost/')

export const tooLongHere = (c: Context): Response => answer(c, 'What you typed is too long for Berth; make it shorter.')
