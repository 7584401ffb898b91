/** A temporary folder per test file, and questions that a test asks of the machine. */
import { readFileSync, readdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A fresh folder; `remove` takes it away. */
export async function folder(): Promise<{ dir: string; remove(): Promise<void> }> {
  const dir = await mkdtemp(join(tmpdir(), 'berth-embedded-'))
  return { dir, remove: () => rm(dir, { recursive: true, force: true }) }
}

/** Whether a process lives; one that waits for its parent to look does not. */
export function lives(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

/** Processes whose command line holds this text. */
export function processesWith(text: string): number[] {
  return readdirSync('/proc').filter((pid) => /^\d+$/.test(pid)).map(Number).filter((pid) => {
    try {
      return pid !== process.pid && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(text) && lives(pid)
    } catch {
      return false
    }
  })
}

/** Whether somebody listens on this loopback port. */
export function listens(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = createConnection({ port, host: '127.0.0.1' })
    socket.once('connect', () => { socket.destroy(); done(true) }).once('error', () => done(false))
  })
}

/** Waits for a condition that has no event. */
export async function until(what: string, holds: () => boolean | Promise<boolean>, withinMs = 30_000): Promise<void> {
  for (const deadline = Date.now() + withinMs; !await holds();) {
    if (Date.now() > deadline) throw new Error(`It did not happen in time: ${what}`)
    await new Promise((done) => setTimeout(done, 50))
  }
}
