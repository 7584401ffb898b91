/** One at a time on this machine. */
import { spawn } from 'node:child_process'
import { need } from './find.ts'

/** Acts while nobody else holds the lock of this file. `flock` holds it until the pipe to it closes, so a crash cannot keep it. */
export async function locked<T>(file: string, act: () => Promise<T>): Promise<T> {
  const lock = spawn(need('flock', 'util-linux'), [file, '/bin/sh', '-c', 'echo; read -r _'], {
    detached: true, stdio: ['pipe', 'pipe', 'ignore'],
  })
  await new Promise<void>((done, fail) => {
    lock.once('error', fail).once('exit', () => fail(new Error(`The lock ${file} cannot be had.`)))
    lock.stdout.once('data', () => done())
  })
  try {
    return await act()
  } finally {
    lock.stdin.end()
  }
}
