/** Pod Security Standards on a real node: what a lease is, under the level that its member's policy grants. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { lacks } from '../../kubernetes/lacks.ts'
import { sharedCluster } from '../../kubernetes/shared.ts'
import { shell } from '../docker/lab.ts'
import { newOrder, signs } from '../runtime.suite.ts'
import { type KubeLab, openKubeLab } from './lab.ts'

describe.skipIf(lacks('node'))('the user of a container', () => {
  let lab: KubeLab
  beforeAll(async () => {
    lab = openKubeLab({ kubeconfig: (await sharedCluster('node')).kubeconfig })
  })
  afterAll(() => lab?.close())

  const who = shell('id -u; grep -E "^Cap(Bnd|Eff)|NoNewPrivs" /proc/self/status; sleep 60')

  it.each([
    ['restricted', undefined, '1000'],
    ['baseline', { security: 'baseline' as const }, '0'],
  ])('under %s has no capability and cannot get any', async (level, terms, user) => {
    const one = newOrder(who, [], terms && { terms })
    await lab.runtime.start(one, signs())
    await expect.poll(() => lab.runtime.logs(one, 9), { timeout: 10_000 }).toEqual([
      user, expect.stringMatching(/^CapEff:\s+0+$/), expect.stringMatching(/^CapBnd:\s+0+$/), expect.stringMatching(/^NoNewPrivs:\s+1$/),
    ])
    const { metadata } = (await lab.podOf(one))!
    expect(await lab.client.read({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: metadata!.namespace! } }))
      .toMatchObject({ metadata: { labels: { 'pod-security.kubernetes.io/enforce': level } } })
    await lab.runtime.remove(one)
  })
})
