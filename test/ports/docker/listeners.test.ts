/** The kernel's socket tables, as recorded from a container of busybox httpd (Linux 6.18). */
import { expect, it } from 'vitest'
import { listenersIn } from '../../../activities/docker/listeners.ts'

const head = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode'
const row = (local: string, state: string) => `   0: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000     0        0 22222 1 0000000000000000 100 0 0 10 0`
const any6 = '0'.repeat(32)

it.each([
  ['on every address', row('00000000:0050', '0A'), [80]],
  ['on every address of IPv6, and so of IPv4', row(`${any6}:1F90`, '0A'), [8080]],
  ['on the address of its network', row('0200A8C0:0050', '0A'), [80]],
  ['on its own loopback', row('0100007F:0050', '0A'), []],
  ['on another address of its loopback, as its resolver', row('0B00007F:0035', '0A'), []],
  ['on its own loopback of IPv6', row(`${'0'.repeat(24)}01000000:0050`, '0A'), []],
  ['connected, not listening', row('0200A8C0:0050', '01'), []],
])('a socket %s', (_, line, ports) => {
  expect(listenersIn(`${head}\n${line}\n`)).toEqual(ports)
})

it('finds nothing in an empty table', () => {
  expect([...listenersIn(''), ...listenersIn(`${head}\n`)]).toEqual([])
})
