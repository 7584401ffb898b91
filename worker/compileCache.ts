/** Where Node keeps what it has compiled, with types stripped: a role then starts in half the time and with 30 MB less. */
import { homedir } from 'node:os'
import { join } from 'node:path'

/** The user's own folder: what lies there is run. */
export const compileCache = (): string => join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'berth', 'compiled')
