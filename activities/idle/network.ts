/** What a process's network has sent, and its TCP sockets, from `/proc/<pid>/net` (proc(5)). */

/** Bytes sent by all interfaces but its own loopback; undefined when there is no such table. */
export function sentIn(dev: string): number | undefined {
  let sent = 0, seen = false
  for (const line of dev.split('\n')) {
    const colon = line.indexOf(':')
    if (colon < 0) continue
    seen = true
    if (line.slice(0, colon).trim() === 'lo') continue
    // Eight columns of what came in, then the bytes that went out.
    const bytes = Number(line.slice(colon + 1).trim().split(/\s+/)[8])
    if (!Number.isFinite(bytes)) return undefined
    sent += bytes
  }
  return seen ? sent : undefined
}

/** TCP sockets in use, listening ones included; `sockstat6` is empty where the kernel has no IPv6. */
export function socketsIn(sockstat: string, sockstat6: string): number | undefined {
  const four = /^TCP: inuse (\d+)/m.exec(sockstat)?.[1]
  return four === undefined ? undefined : Number(four) + Number(/^TCP6: inuse (\d+)/m.exec(sockstat6)?.[1] ?? 0)
}
