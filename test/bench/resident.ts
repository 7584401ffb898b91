import { readFileSync } from 'node:fs'

/** Resident bytes of a process. */
export const residentOf = (pid: number): number => Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) * 1024
