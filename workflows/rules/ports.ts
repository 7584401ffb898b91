/** Ports that a lease may have. Pure. */
import type { Refusal } from '../refuse.ts'

/** Of one lease: each is a host port and an SRV record. */
const mostPorts = 8

export const isPort = (port: number): boolean => Number.isInteger(port) && port >= 1 && port <= 65_535

/** `said`: as it was asked for. */
export const noPort = (said: string): Refusal => ({ kind: 'badPort', sentence: `A port is a whole number from 1 to 65535, and ${said} is not; write --port 8080.` })

/** One that is there twice. */
export function twiceRefusal(ports: readonly number[]): Refusal | undefined {
  const twice = ports.find((port, at) => ports.indexOf(port) !== at)
  return twice === undefined ? undefined : { kind: 'badPort', sentence: `Port ${twice} is there twice; name each port once.` }
}

export function portRefusal(ports: readonly number[]): Refusal | undefined {
  const bad = ports.find((port) => !isPort(port))
  if (bad !== undefined) return noPort(String(bad))
  return twiceRefusal(ports) ?? (ports.length > mostPorts ? { kind: 'badPort', sentence: `A lease has at most ${mostPorts} ports; name fewer.` } : undefined)
}
