/** Connected TCP peers and the age of their last byte, by `ss` in the container's network namespace: some 8 ms. */
import { execFile } from 'node:child_process'

export interface Peers {
  readonly count: number
  readonly lastAgeMs?: number
}

const deadlineMs = 3_000

/** Throws one sentence when it cannot be asked: no `ss` or `nsenter` here, or no right to. */
export function readPeers(pid: number): Promise<Peers> {
  return new Promise((done, fail) => {
    execFile('nsenter', ['--target', String(pid), '--net', 'ss', '-tinH', 'state', 'established'], { timeout: deadlineMs, maxBuffer: 16 * 2 ** 20 }, (error, stdout, stderr) => {
      if (!error) return done(peersIn(stdout))
      const why = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'nsenter is not installed on its host' : stderr.trim().split('\n')[0] || error.message
      fail(new Error(`its connections cannot be read (${why})`))
    })
  })
}

/**
 * From `ss -tinH state established`: a line of queues and addresses, then an indented one of numbers. Connections within
 * the container are its own affair: what they do shows as cpu. `ss` leaves `lastrcv` out when it is 0.
 */
export function peersIn(text: string): Peers {
  let count = 0, lastAgeMs = Infinity, counts = false
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue
    if (/^\S/.test(line)) {
      const address = line.trim().split(/\s+/).at(-1) ?? ''
      counts = !/^(127\.|\[?::1\]?:|\[::ffff:127\.)/.test(address)
      if (counts) count++
    } else if (counts) {
      lastAgeMs = Math.min(lastAgeMs, Number(/\blastrcv:(\d+)/.exec(line)?.[1] ?? 0))
    }
  }
  return { count, ...(Number.isFinite(lastAgeMs) && { lastAgeMs }) }
}
