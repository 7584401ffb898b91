/** The code that a page shows and a chat takes: without vowels, so that it is never a word, and without letters that look alike. */
import { customAlphabet } from 'nanoid'

export const codeAlphabet = 'bcdfghjkmnprstvwxz'

/** About 33 bits; the link takes 5 tries at it. */
export const newCode = customAlphabet(codeAlphabet, 8)

/** As it is shown; a chat takes it with or without the hyphen, in any case. */
export const shownCode = (code: string): string => `${code.slice(0, 4)}-${code.slice(4)}`
