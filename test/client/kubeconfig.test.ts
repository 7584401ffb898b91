import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { kubeconfig } from '../../client/kubeconfig.ts'

const access = { server: 'https://192.0.2.9:6443', namespace: 'berth-t-1', user: 'reach-a1', token: 'eyJ.a.b', until: 1 }

test('kubectl finds cluster, user and namespace in it, by names that no other site has', () => {
  expect(parse(kubeconfig({ ...access, authority: '-----BEGIN CERTIFICATE-----\n', tlsName: 'k8s.example.org' }, 'campus'))).toEqual({
    apiVersion: 'v1', kind: 'Config', 'current-context': 'berth-campus',
    clusters: [{ name: 'berth-campus', cluster: {
      server: access.server, 'tls-server-name': 'k8s.example.org',
      'certificate-authority-data': Buffer.from('-----BEGIN CERTIFICATE-----\n').toString('base64'),
    } }],
    contexts: [{ name: 'berth-campus', context: { cluster: 'berth-campus', user: 'berth-campus-reach-a1', namespace: 'berth-t-1' } }],
    users: [{ name: 'berth-campus-reach-a1', user: { token: access.token } }],
  })
})

test('without an authority of its own the usual ones count', () => {
  expect(parse(kubeconfig(access, 'campus'))).toMatchObject({ clusters: [{ cluster: { server: access.server } }] })
  expect(kubeconfig(access, 'campus')).not.toMatch(/certificate-authority|tls-server-name|insecure/)
})

test.each(['a: b', '"', "'", '#x', '- y', '{}', 'line\nbreak', '\u2028', '日本', '*anchor', '!!binary x', 'true', '0x1', '~'])('whatever a value holds, %j stays that value', (odd) => {
  expect(parse(kubeconfig({ ...access, namespace: odd, token: odd }, odd))).toMatchObject({
    'current-context': `berth-${odd}`, contexts: [{ context: { namespace: odd } }], users: [{ user: { token: odd } }],
  })
})
