/** What errors become on their way into logs and histories: sentences without addresses and secrets, of a kind that is known. */
import { inspect } from 'node:util'
import { ApiException } from '@kubernetes/client-node'
import { describe, expect, test } from 'vitest'
import { deniedBy, NotAllowed } from '../../../activities/kubernetes/denied.ts'
import { type ClusterSaid, cleaned, isTerminating, meant, saidBy, shorten } from '../../../activities/kubernetes/failures.ts'

const answer = (code: number, message: string, reason = 'Invalid') =>
  new ApiException(code, 'Unsuccessful HTTP Request', JSON.stringify({ kind: 'Status', message, reason, code }), { 'audit-id': 'x', server: '10.9.8.7' })
const failed = (cause: unknown) => Object.assign(new TypeError('fetch failed'), { cause })
const coded = (code: string, message: string) => Object.assign(new Error(message), { code })

describe('what is shown', () => {
  test.each([
    ['Post "https://gate.ns.svc:443/x?timeout=1s": dial tcp 10.96.3.4:443: connect: connection refused', 'Post "…": dial tcp …: connect: connection refused'],
    ['dial tcp [fd00:10:96::a]:443: i/o timeout', 'dial tcp …: i/o timeout'],
    ['connect ECONNREFUSED ::1:6443', 'connect ECONNREFUSED …'],
    ['at 2001:0db8:0000:0000:0000:0000:0000:0001 now', 'at … now'],
    ['token eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.abc-_x is old', 'token … is old'],
    ['at 12:30:45 of image sha256:abcd, a  b\n c', 'at 12:30:45 of image sha256:abcd, a b c'],
  ])('%j', (said, shown) => expect(shorten(said)).toBe(shown))

  test('is never endless', () => expect(shorten('x'.repeat(5000))).toHaveLength(300))

  test.each([
    failed(coded('ECONNREFUSED', 'connect ECONNREFUSED 10.1.2.3:6443')),
    failed(new AggregateError([coded('ECONNREFUSED', 'connect ECONNREFUSED 10.1.2.3:6443'), coded('ECONNREFUSED', 'connect ECONNREFUSED ::1:6443')])),
    failed(coded('ENOTFOUND', 'getaddrinfo ENOTFOUND api.prod.example.org')),
    failed(coded('ERR_TLS_CERT_ALTNAME_INVALID', 'Hostname/IP does not match: IP: 10.1.2.3 is not in the cert\'s list: api.prod.example.org')),
    Object.assign(new TypeError('terminated'), { cause: coded('UND_ERR_SOCKET', 'other side closed 10.1.2.3:6443') }),
    Object.assign(new Error('exec failed', { cause: new Error('https://api.prod.example.org refused eyJhbGciOi.eyJzdWIi.x') })),
    answer(403, 'no'), answer(500, 'at https://api.prod.example.org/x'),
    new ApiException(502, 'Bad Gateway', '<html>nginx at 10.1.2.3</html>', {}),
  ])('of an error nothing raw is left, causes included: %s', (error) => {
    const shown = inspect(cleaned(error), { depth: 9 })
    expect(shown).not.toMatch(/10\.1\.2\.3|10\.9\.8\.7|api\.prod|::1|eyJ|HTTP-Code|audit-id/)
    expect(cleaned(error).message.length).toBeGreaterThan(1)
  })

  test('where the failure was stays', () => expect(cleaned(new Error('at https://x.example.org')).stack).toMatch(/failures\.test\.ts/))
})

describe('what is meant', () => {
  const from = (code: number, said: string) => meant(cleaned(answer(code, said)), [30_001, 30_002])
  test.each([
    [422, 'Service "x" is invalid: spec.ports[0].nodePort: Invalid value: 30002: provided port is already allocated', { name: 'PortTaken', ports: [30_002] }],
    [422, 'spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. The range of valid ports is 30000-32767', { name: 'Error', message: expect.stringContaining('30000-32767') as string }],
    [403, 'pods "x" is forbidden: exceeded quota: theirs, requested: pods=1, used: pods=1, limited: pods=1', { name: 'NoRoom' }],
    [403, 'pods "x" is forbidden: violates PodSecurity "restricted:latest": host namespaces', { name: 'CannotRun', why: 'badCommand' }],
    [400, 'admission webhook "a.b.c" denied the request: not on Sundays', { name: 'CannotRun', message: expect.stringContaining('not on Sundays') as string }],
    [422, 'deployments.apps "x" is forbidden: ValidatingAdmissionPolicy \'p\' with binding \'b\' denied request: no', { name: 'CannotRun' }],
    [500, 'Internal error occurred: failed calling webhook "a.b.c": failed to call webhook: Post "https://10.1.2.3/": context deadline exceeded', { name: 'Error', message: expect.stringMatching(/^An admission webhook of the cluster does not answer.*deadline exceeded/) as string }],
    [409, 'Operation cannot be fulfilled', { name: 'ClusterSaid', code: 409 }],
  ])('%i %s', (code, said, what) => expect(from(code, said)).toMatchObject(what))

  test('a namespace on its way out, or gone between two calls, is told from one without rights', () => {
    const is = (code: number, said: string) => isTerminating(cleaned(answer(code, said)))
    expect(is(403, 'secrets "s" is forbidden: unable to create new content in namespace x because it is being terminated')).toBe(true)
    expect(is(404, 'namespaces "x" not found')).toBe(true)
    expect(is(403, 'secrets is forbidden: User "u" cannot create resource "secrets" in API group "" in the namespace "x"')).toBe(false)
    expect(is(404, 'services "x" not found')).toBe(false)
  })
})

describe('a right that is missing', () => {
  const user = 'User "system:serviceaccount:berth-system:berth"'
  test.each([
    [`secrets is forbidden: ${user} cannot list resource "secrets" in API group "" in the namespace "x"`, { verb: 'list', resource: 'secrets', group: '', namespace: 'x' }],
    [`pods "p" is forbidden: ${user} cannot get resource "pods/log" in API group "" in the namespace "x"`, { verb: 'get', resource: 'pods/log', group: '', namespace: 'x' }],
    [`deployments.apps is forbidden: ${user} cannot list resource "deployments" in API group "apps" at the cluster scope`, { verb: 'list', resource: 'deployments', group: 'apps' }],
    [`namespaces "x" is forbidden: ${user} cannot get resource "namespaces" in API group "" in the namespace "x"`, { verb: 'get', resource: 'namespaces', group: '' }],
    [`rolebindings "b" is forbidden: user "u" is attempting to grant RBAC permissions not currently held:\n{APIGroups:[""]}`, { verb: 'bind', resource: 'clusterroles', group: 'rbac.authorization.k8s.io' }],
    ['pods "x" is forbidden: exceeded quota: theirs', undefined],
  ])('%s', (said, denied) => expect(deniedBy(said)).toEqual(denied))

  test('is known also where the sentence is cut short, and said with the next step', () => {
    const { denied } = cleaned(answer(403, `${'x'.repeat(300)} ${user} cannot create resource "secrets" in API group "" in the namespace "y"`, 'Forbidden')) as ClusterSaid
    expect(denied).toEqual({ verb: 'create', resource: 'secrets', group: '', namespace: 'y' })
    expect(new NotAllowed(denied!).message).toBe('Berth may not create secrets in namespace y: an admin has to apply its worker/kubernetes-role.yaml again.')
    expect(saidBy(new Error('a', { cause: coded('EPIPE', 'broken') }))).toBe('broken (EPIPE)')
  })
})
