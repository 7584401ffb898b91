import { describe, expect, test } from 'vitest'
import { repair } from '../../worker/embedded/dockerd/firewall.ts'

const gone = { bridges: ['berth1', 'br-aaa'], networks: ['10.80.0.0/16', '10.90.0.0/28'] }
const links = ['lo', 'docker0', 'br-foreign']

const table = (...lines: string[]) => ['*filter', ...lines, 'COMMIT'].join('\n')
const chains = [':FORWARD ACCEPT [0:0]', ':DOCKER - [0:0]', ':DOCKER-USER - [0:0]']

describe('the firewall after an engine of ours', () => {
  test('loses each rule that names its bridges or its networks, and no other', () => {
    const now = table(...chains,
      '-A FORWARD -o berth1 -j DOCKER', '-A FORWARD -i br-aaa -j ACCEPT', '-A FORWARD -i br-aaaa -j ACCEPT',
      '-A DOCKER-USER -s 10.90.0.5/32 -j DROP', '-A DOCKER-USER -s 10.91.0.5/32 -j DROP')
    expect(repair({ now, before: table(...chains), links }, { ...gone, others: true })).toEqual([
      ':DOCKER - [0:0]',
      '-D FORWARD -o berth1 -j DOCKER', '-D FORWARD -i br-aaa -j ACCEPT', '-D DOCKER-USER -s 10.90.0.5/32 -j DROP',
    ])
  })

  test('keeps a wall that a Berth has left there whole: half of one would reject whatever comes to this machine', () => {
    const wall = [
      '-A INPUT -j BERTH-I-bench', '-A BERTH-I-bench ! -s 10.80.32.0/20 -j RETURN', '-A BERTH-I-bench -j REJECT --reject-with icmp-admin-prohibited',
    ]
    const now = table(...chains, ':BERTH-I-bench - [0:0]', ...wall, '-A FORWARD -o berth1 -j DOCKER')
    expect(repair({ now, before: table(...chains), links }, { ...gone, others: true })).toEqual([':DOCKER - [0:0]', '-D FORWARD -o berth1 -j DOCKER'])
  })

  test('gets back what the engine flushed, before the RETURN that ends a chain', () => {
    const old = ['-A DOCKER -i docker0 -j RETURN', '-A DOCKER -j RETURN']
    const now = table(...chains, '-A DOCKER -i berth1 -j RETURN', '-A DOCKER -i br-foreign -j RETURN', '-A DOCKER -j RETURN')
    expect(repair({ now, before: table(...chains, ...old), links }, { ...gone, others: true })).toEqual([
      ':DOCKER - [0:0]', '-A DOCKER -i br-foreign -j RETURN', ...old,
    ])
  })

  test('gets nothing back for an interface that is gone by now', () => {
    const before = table(...chains, '-A DOCKER -i br-gone -j RETURN')
    expect(repair({ now: table(...chains), before, links }, { ...gone, others: false })).toEqual([':DOCKER - [0:0]'])
  })

  test('is as if no engine had ever run, where none had', () => {
    const now = table(':FORWARD DROP [0:0]', ':DOCKER - [0:0]', ':DOCKER-USER - [0:0]', '-A FORWARD -j DOCKER-USER',
      '-A FORWARD -o berth1 -j DOCKER', '-A FORWARD -i lo -j ACCEPT', '-A DOCKER-USER -j RETURN')
    const before = table(':FORWARD ACCEPT [0:0]', '-A FORWARD -i lo -j ACCEPT')
    expect(repair({ now, before, links }, { ...gone, others: false })).toEqual([
      ':FORWARD ACCEPT [0:0]', '-D FORWARD -o berth1 -j DOCKER', '-D FORWARD -j DOCKER-USER',
      '-F DOCKER', '-F DOCKER-USER', '-X DOCKER', '-X DOCKER-USER',
    ])
  })

  test('keeps the policy and the chains while another engine runs', () => {
    const now = table(':FORWARD DROP [0:0]', ':DOCKER - [0:0]', '-A FORWARD -j DOCKER-USER', '-A DOCKER -i br-foreign -j RETURN')
    const before = table(':FORWARD ACCEPT [0:0]')
    expect(repair({ now, before, links }, { ...gone, others: true })).toEqual([':DOCKER - [0:0]', '-A DOCKER -i br-foreign -j RETURN'])
  })
})
