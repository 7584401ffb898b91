/** Whose fault it is that a node port does not answer. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { StartOrder } from '../../../workflows/ports.ts'
import { lacks } from '../../kubernetes/lacks.ts'
import { sharedCluster } from '../../kubernetes/shared.ts'
import type { Use } from '../../kubernetes/use.ts'
import { shell, web } from '../docker/lab.ts'
import { newOrder, signs } from '../runtime.suite.ts'
import { asBerth } from './berth.ts'
import { type KubeLab, nodePort, openKubeLab } from './lab.ts'

describe.skipIf(lacks('node'))('a node port that does not answer', { timeout: 60_000 }, () => {
  let cluster: Use, lab: KubeLab
  beforeAll(async () => {
    cluster = await sharedCluster('node')
    lab = openKubeLab({ kubeconfig: cluster.kubeconfig, as: await asBerth(cluster), listenMs: 2_000 })
  })
  const undo: (() => Promise<unknown>)[] = []
  afterEach(async () => { for (const act of undo.splice(0).reverse()) await act() })
  afterAll(() => lab?.close())

  const cut = async (port: number) => {
    const rule = (what: string) => cluster.inNode(['iptables', '-t', 'raw', what, 'PREROUTING', '-p', 'tcp', '--dport', String(port), '-j', 'DROP'])
    await rule('-I')
    let mending: Promise<unknown> | undefined
    const mend = () => mending ??= rule('-D')
    undo.push(mend)
    return mend
  }

  test('is waited for longer where the program itself listens: a cluster in trouble is nobody\'s image', async () => {
    const one = newOrder(web, [nodePort()]), mend = await cut(one.hostPorts[0]!), told: string[] = []
    const started = await lab.runtime.start(one, { ...signs(), heartbeat: (what) => {
      told.push(what)
      if (what === 'waits for the cluster to lead there') void mend()
    } })
    expect(started.is).toBe('running')
    expect(told).toContain('waits for the cluster to lead there')
  })

  const refused: readonly [string, string, RegExp][] = [
    ['nobody listens on it', 'exec sleep 600', /^Nothing listens on port 8080 after 2 s\.$/],
    ['the program listens on 127.0.0.1 alone', 'exec httpd -f -p 127.0.0.1:8080 -h /www', /^Port 8080 is not reached from outside after 8 s, though something listens on it in the container: on 127\.0\.0\.1 alone\?$/],
  ]
  test.each(refused)('is a refusal, and nothing is left, where %s', async (_, script, sentence) => {
    const one: StartOrder = newOrder(shell(script, [8080]), [nodePort()])
    await expect(lab.runtime.start(one, signs())).rejects.toMatchObject({ name: 'CannotRun', why: 'notListening', message: expect.stringMatching(sentence) as string })
    expect(await lab.runtime.look(one)).toEqual({ is: 'absent' })
  })
})
