/** Which TCP ports something listens on in a container's network, by the kernel's own tables (proc(5)). */
import { readFile } from 'node:fs/promises'

/** State TCP_LISTEN in `/proc/<pid>/net/tcp`. */
const listen = '0A'
/** Addresses are written as little-endian words: the last byte pair of 127.0.0.1's word is its first. */
const loopback = /7F$|^0{24}01000000$/

/** Whether there is a listener on every one, the container's own loopback aside. False when nobody may look. */
export async function listens(pid: number, ports: readonly number[]): Promise<boolean> {
  const tables = await Promise.all(['tcp', 'tcp6'].map((table) => readFile(`/proc/${pid}/net/${table}`, 'utf8').catch(() => '')))
  const found = new Set(tables.flatMap(listenersIn))
  return ports.every((port) => found.has(port))
}

/** Ports of the listeners that others can reach. */
export function listenersIn(table: string): number[] {
  return table.split('\n').slice(1).flatMap((line) => {
    const [, local = '', , state] = line.trim().split(/\s+/), [address = '', port = ''] = local.split(':')
    return state === listen && !loopback.test(address) ? [Number.parseInt(port, 16)] : []
  })
}
