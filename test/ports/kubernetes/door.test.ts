import { describe, expect, test } from 'vitest'
import { KubeConfig } from '@kubernetes/client-node'
import { namespaceObject } from '../../../activities/kubernetes/account.ts'
import { doorOf } from '../../../activities/kubernetes/door.ts'
import { startCluster } from '../../kubernetes/cluster.ts'
import { lacks } from '../../kubernetes/lacks.ts'
import { manifest } from './berth.ts'
import { host, openKubeLab } from './lab.ts'

const authority = '-----BEGIN CERTIFICATE-----\n'
function kube(cluster: object, user = 'somebody'): KubeConfig {
  const it = new KubeConfig()
  it.loadFromOptions({
    clusters: [{ name: 'c', server: 'https://10.0.0.1:6443', caData: Buffer.from(authority).toString('base64'), ...cluster }],
    users: [{ name: user }], contexts: [{ name: 'x', cluster: 'c', user }], currentContext: 'x',
  })
  return it
}

test('members reach the cluster as Berth does, unless an admin has said where', () => {
  expect(doorOf(kube({ tlsServerName: 'k8s' }), undefined)).toEqual({ server: 'https://10.0.0.1:6443', authority, tlsName: 'k8s' })
  expect(doorOf(kube({ tlsServerName: 'k8s' }), 'https://k8s.example.org')).toEqual({ server: 'https://k8s.example.org', authority })
  expect(doorOf(kube({ caData: undefined }), undefined)).toEqual({ server: 'https://10.0.0.1:6443' })
})

test('from a pod of the cluster itself an admin has to say it', () => {
  expect(() => doorOf(kube({}, 'inClusterUser'), undefined)).toThrow(/an admin sets host\.kubernetes\.server/)
  expect(doorOf(kube({}, 'inClusterUser'), 'https://k8s.example.org').server).toBe('https://k8s.example.org')
})

test('a token is never sent to who cannot prove who it is', () => {
  expect(() => doorOf(kube({ server: 'http://10.0.0.1:8080' }), undefined)).toThrow(/without TLS/)
  // That Berth itself looks away is no reason for members to do so.
  expect(doorOf(kube({ skipTLSVerify: true }), undefined)).toEqual({ server: 'https://10.0.0.1:6443', authority })
})

describe.skipIf(lacks('api'))('a cluster where nobody has applied the manifest', () => {
  test('gives no kubeconfig that would be good for nothing, and gives one as soon as an admin has', async () => {
    const cluster = await startCluster({ mode: 'api' }), lab = openKubeLab({ kubeconfig: cluster.kubeconfig })
    try {
      await lab.client.apply(namespaceObject({ marks: lab.marks, host }, { member: 'mika', security: 'restricted', by: '' }))
      const grant = () => lab.runtime.reach.grant({ member: 'mika', id: 'a1', forMs: 1 })
      await expect(grant()).rejects.toMatchObject({ name: 'NoReach', message: 'The cluster has no ClusterRole berth-member: an admin applies worker/kubernetes-role.yaml.' })
      await cluster.kubectl('apply', '--server-side', '-f', manifest)
      expect((await grant()).user).toBe('reach-a1')
    } finally {
      await lab.close()
      await cluster.stop()
    }
  })
})
