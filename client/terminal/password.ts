/** A password from the keyboard, without showing it, or from standard input. Never from an argv. */
import { stop } from '../refused.ts'

export interface Keyboard {
  readonly isTTY?: boolean | undefined
  setRawMode?(on: boolean): unknown
  on(event: 'data', listener: (chunk: Buffer) => void): unknown
  off(event: 'data', listener: (chunk: Buffer) => void): unknown
  resume(): unknown
  pause(): unknown
  [Symbol.asyncIterator](): AsyncIterator<Buffer | string>
}

/** All of standard input, without the line end of an editor or `echo`. */
export async function readPassword(keyboard: Keyboard): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of { [Symbol.asyncIterator]: () => keyboard[Symbol.asyncIterator]() }) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks).toString('utf8').replace(/\r?\n$/, '')
}

/** Asks in the terminal; `show` false keeps the answer hidden. Ctrl-C gives up. */
export async function askFor(question: string, { keyboard, write, show }: {
  readonly keyboard: Keyboard; readonly write: (text: string) => void; readonly show: boolean
}): Promise<string> {
  if (keyboard.isTTY !== true || !keyboard.setRawMode) {
    throw stop('badLine', 'There is no terminal to ask in; write berth login MEMBER --password-stdin.')
  }
  write(question)
  keyboard.setRawMode(true)
  keyboard.resume()
  try {
    return await new Promise<string>((resolve, reject) => {
      let typed = ''
      const decoder = new TextDecoder()
      const onData = (chunk: Buffer) => {
        for (const key of decoder.decode(chunk, { stream: true })) {
          if (key === '\r' || key === '\n' || key === '\u0004') return done(() => resolve(typed))
          if (key === '\u0003') return done(() => reject(stop('notSignedIn', 'You gave up; nothing has changed.')))
          if (key === '\u007f' || key === '\b') {
            if (show && typed !== '') write('\b \b')
            typed = [...typed].slice(0, -1).join('')
          } else if (key === '\u0015') typed = ''
          else if (key >= ' ') {
            typed += key
            if (show) write(key)
          }
        }
      }
      const done = (then: () => void) => {
        keyboard.off('data', onData)
        then()
      }
      keyboard.on('data', onData)
    })
  } finally {
    keyboard.setRawMode(false)
    keyboard.pause()
    write('\n')
  }
}
