/** `Pulse` of an engine on another machine, whose files nobody here can read: everything is unknown, which is not idle. */
import type { Pulse } from '../../workflows/ports.ts'

const why = 'its engine is on another machine, where its use cannot be seen'

export const remotePulse: Pulse = {
  byProcess: false,
  beat: () => Promise.resolve({ why }),
  peers: () => Promise.reject(new Error(why)),
}
