/** What the end of a container that has just been started means. */
import { CannotRun } from '../workflows/ports.ts'

export interface End {
  readonly code: number
  readonly outOfMemory: boolean
}

/** Exit codes of SIGKILL and SIGTERM. */
const stopped = [137, 143]

/** Nobody's command, and not the kernel's for want of memory. */
export const isFromOutside = ({ code, outOfMemory }: End): boolean => !outOfMemory && stopped.includes(code)

export function exitedAtOnce({ code, outOfMemory }: End, said: readonly string[]): CannotRun {
  const how = outOfMemory ? 'was ended at once, for it needs more memory' : `exited at once with code ${code}`
  return new CannotRun('exitedAtOnce', `The container ${how}${said.length > 0 ? `:\n${said.join('\n')}` : ' and said nothing.'}`)
}
