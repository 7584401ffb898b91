/** The section `chat` of Berth’s configuration (`worker/config.ts`): files are named as they lie beside it. */
import { type Plain, yamlOf } from './yaml.ts'

export const chatSection = (url: string, platform: { readonly [name: string]: Plain }): string => yamlOf({ chat: { url, ...platform } })

/** As the last lines of what is said; none without one. */
export const saySection = (config: string | undefined): readonly string[] => config === undefined ? [] : ['', 'The section for Berth’s configuration:', '', config.trimEnd()]

export const sayInOrder = (steps: readonly string[]): readonly string[] => steps.map((step, at) => `${at + 1}. ${step}`)

/** The key of buttons, forms and link pages; the roles refuse chat without one. */
export const keyStep = 'Once for all chats: (umask 077; echo "{\\"current\\":\\"a\\",\\"keys\\":{\\"a\\":\\"$(openssl rand -base64 32)\\"}}" > chat.json), and chat: chat.json under keys in Berth’s configuration.'
