/** Asks whether somebody listens. */
import { connect } from 'node:net'

/** One try: a listener nearby answers in less than a millisecond, and an address that is gone answers never. */
const tryMs = 1000

/** Whether a TCP connection is taken and, if `staysMs` is set, still stands so much later. */
export function accepts(host: string, port: number, { staysMs = 0 } = {}): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port })
    const end = (answer: boolean) => {
      clearTimeout(timer)
      socket.destroy()
      resolve(answer)
    }
    const timer = setTimeout(() => end(false), tryMs)
    socket.once('error', () => end(false))
    socket.once('connect', () => {
      if (staysMs === 0) return end(true)
      socket.once('data', () => end(true))
      socket.once('close', () => end(false))
      setTimeout(() => end(!socket.destroyed), staysMs)
    })
  })
}
