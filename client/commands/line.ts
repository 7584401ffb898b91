/** A line as somebody typed it into a chat, or anywhere without a shell. */
import { parseArgsStringToArgv } from 'string-argv'
import { parse, type Parsed } from './parse.ts'

/** Phones and macOS bend quotes and dashes, and put no-break spaces: back to what was meant. */
export const plain = (typed: string): string => typed
  .replace(/[“”„]/g, '"').replace(/[‘’]/g, "'").replace(/[\u00a0\u202f]/g, ' ').replace(/(^|\s)[—–]+(?=[A-Za-z])/g, '$1--')

/** Words of a line, without any meaning of a shell; undefined when a quote is left open. */
export function splitLine(text: string): string[] | undefined {
  // The tokeniser closes an open quote silently, so what is left when all pairs are gone tells.
  if (/["']/.test(text.replace(/"[^"]*"|'[^']*'/g, ''))) return undefined
  // It leaves quotes inside a word, as in --env=GREETING="hello world".
  return parseArgsStringToArgv(text).map((word) => word.includes('=') ? word.replace(/(["'])(.*?)\1/gs, '$2') : word)
}

/** The most that a chat sends in one line, with room. */
const longest = 8000

/** `unwrap` undoes what a chat did to a word while it was typed. */
export function parseLine(text: string, unwrap: (word: string) => string = (word) => word): Parsed {
  const globals = { json: false, help: false }
  if (text.length > longest) {
    return { globals, refusal: { kind: 'badLine', sentence: `The line has more than ${longest} characters; make it shorter.` } }
  }
  const words = splitLine(plain(text))
  return words === undefined
    ? { globals, refusal: { kind: 'badQuotes', sentence: 'A quote is left open; close it, or leave it out.' } }
    : parse(words.map(unwrap), 'chat')
}
