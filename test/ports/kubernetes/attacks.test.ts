/**
 * Attacks on a cluster: what no line, label or name may achieve. What a pod may do is decided by `lease.ts` alone, and the
 * API server is asked whether it holds.
 */
import { createHash, randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { KubernetesObject, V1Deployment, V1Namespace, V1Pod, V1PodSpec, V1Service } from '@kubernetes/client-node'
import { accountObjects, namespaceObject } from '../../../activities/kubernetes/account.ts'
import { accountMetadata, kindOf, leaseMetadata, namespaceOf, objectName, objectOf, type Owner, podLabels, reference } from '../../../activities/kubernetes/labels.ts'
import { type LeaseObjects, leaseObjects, type Shape } from '../../../activities/kubernetes/lease.ts'
import { createMarks } from '../../../activities/mark.ts'
import { parseLine } from '../../../client/commands/line.ts'
import { keyAlphabet, keyLength } from '../../../workflows/contract.ts'
import type { Owned, StartOrder } from '../../../workflows/ports.ts'
import { lacks } from '../../kubernetes/lacks.ts'
import { sharedCluster } from '../../kubernetes/shared.ts'
import type { Use } from '../../kubernetes/use.ts'
import { shell } from '../docker/lab.ts'
import { newKey, newOrder, signs } from '../runtime.suite.ts'
import { asBerth } from './berth.ts'
import { host, type KubeLab, nodePort, openKubeLab } from './lab.ts'

const owner: Owner = { marks: createMarks({ instance: 'attacked', secret: randomBytes(32) }), host }
const shape: Shape = { user: 1000, reserve: 1, pull: 'Never', pullSecret: true, graceS: 1, gpu: 'nvidia.com/gpu' }

/** Words that mean something to somebody on the way. */
const nasty = ['$(HOME)', '$$(HOME)', '$$$(A)', '$', '$$', '$(', '$()', '${A}', '`id`', '--privileged', '{"privileged":true}', '{{ .Values.x }}', '- a: &x [*x]', 'yes', 'null', '~', '0x1F', '1e3',
  '!!python/object/apply:os.system ["id"]', '<<: *a', 'a: b', '# no', '"', "'", '\\', '\n', '\r\n', '\t', '%s', '', ' ', '日本', '\u202e', '---', '...', 'hostPath: /', '\\u0041', '=', '==']
const words = fc.oneof(fc.constantFrom(...nasty), fc.string({ unit: 'grapheme' }), fc.array(fc.constantFrom('$', '(', ')', 'A', 'HOME'), { maxLength: 9 }).map((parts) => parts.join('')))
const uid = fc.oneof(fc.constantFrom('mika', 'MIKA', 'm.k', 'a b', '日本 太郎', '../..', 'kube-system', 'default', '%41', 'a'.repeat(300), '-', '_', '{}', 'x,y=z', 'a\nb'), fc.string({ unit: 'grapheme', minLength: 1 }))
const keys = fc.string({ unit: fc.constantFrom(...keyAlphabet), minLength: keyLength, maxLength: keyLength })
const orders: fc.Arbitrary<StartOrder> = fc.record({
  key: keys, number: fc.nat(), member: uid,
  ports: fc.uniqueArray(fc.integer({ min: 1, max: 65_535 }), { maxLength: 4 }),
  env: fc.dictionary(words, words), command: fc.option(fc.array(words, { maxLength: 6 }), { nil: undefined }),
  reference: words, cpu: fc.double({ min: 0.01, max: 64, noNaN: true }), memory: fc.integer({ min: 6 * 2 ** 20, max: 2 ** 40 }), gpu: fc.option(fc.nat(8), { nil: undefined }),
  security: fc.option(fc.constant('baseline' as const), { nil: undefined }), hostname: fc.option(words, { nil: undefined }),
}).map(({ key, number, member, ports, security, hostname, env, command, gpu, ...spec }) => ({
  key, number, member, hostPorts: ports.map((_, i) => 30_000 + i),
  spec: { image: 'x', ...spec, ports, env, ...(command && { command }), ...(gpu !== undefined && { gpu }) },
  terms: { quota: { cpu: 4, memory: 2 ** 34, count: 3 }, ingressClass: 'nginx', ...(security && { security }), ...(hostname !== undefined && { hostname }) },
}))

/** Everything that a pod may have, and nothing else; what it says of security is the same for all, but the user where policy grants *baseline*. */
function assertHarmless({ template }: NonNullable<V1Deployment['spec']>, security: 'baseline' | 'restricted' = 'restricted'): void {
  const { containers: [container, ...more], securityContext, ...rest } = template.spec!
  expect(more).toEqual([])
  expect(Object.keys(rest).sort()).toEqual(['automountServiceAccountToken', 'enableServiceLinks', 'imagePullSecrets', 'serviceAccountName', 'shareProcessNamespace', 'terminationGracePeriodSeconds', 'tolerations'])
  expect(rest).toMatchObject({ serviceAccountName: 'lease', automountServiceAccountToken: false, enableServiceLinks: false })
  expect(securityContext).toEqual({
    ...(security === 'restricted' && { runAsNonRoot: true, runAsUser: 1000, runAsGroup: 1000, fsGroup: 1000 }), seccompProfile: { type: 'RuntimeDefault' }, sysctls: [{ name: 'net.ipv4.ip_unprivileged_port_start', value: '0' }],
  })
  expect(container!.securityContext).toEqual({ allowPrivilegeEscalation: false, privileged: false, capabilities: { drop: ['ALL'] } })
  const known = ['args', 'envFrom', 'image', 'imagePullPolicy', 'name', 'ports', 'resources', 'securityContext']
  expect(Object.keys(container!).filter((name) => !known.includes(name))).toEqual([])
  for (const port of container!.ports ?? []) expect(Object.keys(port).sort()).toEqual(['containerPort', 'name', 'protocol'])
}

const isName = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/
const isLabel = /^([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$/

describe('whatever is asked for', () => {
  test('no order leads to a field that is not of every lease', () => {
    fc.assert(fc.property(orders, (order) => {
      const { deployment, others } = leaseObjects(owner, order, shape)
      assertHarmless(deployment.spec!, order.terms?.security)
      expect(others.map(({ kind }) => kind).filter((kind) => !['Secret', 'Service', 'Ingress'].includes(kind!))).toEqual([])
      const service = others.find(({ kind }) => kind === 'Service') as V1Service | undefined
      if (service) expect(Object.keys(service.spec!).sort()).toEqual(['ports', 'selector', 'type'])
      expect(namespaceObject(owner, { member: order.member, security: order.terms?.security ?? 'restricted', by: '' }).metadata?.labels?.['pod-security.kubernetes.io/enforce'])
        .toBe(order.terms?.security ?? 'restricted')
    }), { numRuns: 500 })
  })

  test('names and labels are such as a cluster takes, and no two placements or accounts share one', () => {
    fc.assert(fc.property(orders, orders, (one, two) => {
      for (const order of [one, two]) {
        const { deployment, others } = leaseObjects(owner, order, shape)
        for (const { metadata } of [deployment, ...others, ...accountObjects(owner, { member: order.member, terms: order.terms, walls: { control: [], pods: [] }, pullSecret: '{}' })]) {
          expect(metadata!.name).toMatch(isName)
          expect(metadata!.namespace).toMatch(isName)
          for (const [name, value] of Object.entries(metadata!.labels!)) expect([name, value]).toEqual([expect.stringMatching(isLabel), expect.stringMatching(isLabel)])
        }
      }
      const same = one.member.toLowerCase() === two.member.toLowerCase()
      expect(namespaceOf(owner, one.member) === namespaceOf(owner, two.member)).toBe(same)
      expect(objectName(one) === objectName(two)).toBe(one.key === two.key && one.number === two.number)
    }), { numRuns: 300 })
  })

  test('instances share no namespace, however their names run into each other', () => {
    const secret = randomBytes(32), label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/)
    fc.assert(fc.property(label, label, uid, uid, (a, b, one, two) => {
      fc.pre(a !== b)
      const names = [[a, one], [b, two]].map(([instance, member]) => namespaceOf({ marks: createMarks({ instance: instance!, secret }) }, member!))
      expect(names[0]).not.toBe(names[1])
      for (const name of names) expect(name).toMatch(isName)
    }))
  })

  test('the kubelet gives every argument to the program as it was written', () => {
    fc.assert(fc.property(fc.array(words), (command) => {
      const { args } = leaseObjects(owner, { ...newOrder({ image: 'x', reference: 'x', ports: [], command }, []) }, shape).deployment.spec!.template.spec!.containers[0]!
      expect(args!.map(expanded)).toEqual(command)
    }), { numRuns: 500 })
  })

  test.each([
    '--privileged', '--privileged=true', '--cap-add SYS_ADMIN', '--cap-add=ALL', '--capabilities ALL', '--network host', '--net=host', '--hostNetwork', '--host-network true', '--pid host', '--ipc=host', '--userns host',
    '-v /:/host', '--volume /:/host', '--mount type=bind,source=/,target=/h', '--host-path /', '--hostPath=/', '--sysctl kernel.msgmax=1', '--sysctls a=b', '--security-opt seccomp=unconfined', '--device /dev/kmsg', '--user 0', '-u 0',
    '--run-as-user 0', '--namespace kube-system', '-n kube-system', '--service-account admin', '--annotation a=b', '--label berth.key=x', '--node-port 30000', '--overrides {}', '--spec {}', '--runtime runc', '--add-host a:1', '--dns 1.1.1.1',
  ])('the line has no option %s', (option) => {
    expect(parseLine(`lend nginx ${option}`)).toMatchObject({ refusal: { kind: 'badLine' } })
    expect(parseLine(`lend nginx --command sh ${option}`)).toMatchObject({ args: { command: ['sh', ...option.split(' ')] } })
  })
})

/** As k8s.io/kubernetes/third_party/forked/golang/expansion does it, where every name is known. */
function expanded(text: string): string {
  let out = ''
  for (let at = 0; at < text.length; at++) {
    if (text[at] !== '$' || at + 1 === text.length) out += text[at]
    else if (text[at + 1] === '$') {
      out += '$'
      at++
    } else if (text[at + 1] === '(') {
      const end = text.indexOf(')', at + 2)
      out += end < 0 ? '$(' : 'EXPANDED'
      at = end < 0 ? at + 1 : end
    } else out += text[at++]! + text[at]!
  }
  return out
}

describe.skipIf(lacks('api'))('on an API server', { timeout: 60_000 }, () => {
  let cluster: Use, lab: KubeLab, mine: Owner
  const spaces = new Set<string>()
  beforeAll(async () => {
    cluster = await sharedCluster('api')
    lab = openKubeLab({ kubeconfig: cluster.kubeconfig, as: await asBerth(cluster) })
    mine = { marks: lab.marks, host }
  })
  afterEach(async () => {
    for (const name of spaces) await lab.client.remove(reference('Namespace', name))
    spaces.clear()
  })
  afterAll(async () => await lab?.close())

  async function space(member: string, security: 'restricted' | 'baseline' = 'restricted'): Promise<string> {
    const { metadata } = await lab.client.apply<V1Namespace>(namespaceObject(mine, { member, security, by: '' }))
    await Promise.all(accountObjects(mine, { member, terms: undefined, walls: { control: [], pods: [] } }).map((object) => lab.client.apply<KubernetesObject>(object)))
    spaces.add(metadata!.name!)
    return metadata!.name!
  }
  const apply = ({ deployment, others }: LeaseObjects) => Promise.all([deployment, ...others].map((object) => lab.client.apply<KubernetesObject>(object)))
  const orderOf = (over: Partial<StartOrder> = {}) => newOrder({ image: 'web', reference: 'web:1', ports: [80] }, [nodePort()], over)

  test('the server keeps of an order what was meant, and its pods are admitted under restricted', async () => {
    for (const [i, word] of ['$(HOME)', '--privileged', '{"hostNetwork":true}', '- a: &x [*x]', '日本\n"'].entries()) {
      const one = orderOf({ member: `m${i}` }), order = { ...one, spec: { ...one.spec, env: { A: word, B: word }, command: [word] } }, namespace = await space(one.member)
      await apply(leaseObjects(mine, order, { ...shape, gpu: undefined }))
      const { spec } = (await lab.client.read<V1Deployment>(reference('Deployment', objectName(one), namespace)))!
      expect(Object.keys(spec!.template.spec!).sort()).toEqual(['automountServiceAccountToken', 'containers', 'dnsPolicy', 'enableServiceLinks', 'imagePullSecrets', 'restartPolicy', 'schedulerName',
        'securityContext', 'serviceAccount', 'serviceAccountName', 'shareProcessNamespace', 'terminationGracePeriodSeconds', 'tolerations'])
      await expect.poll(async () => (await lab.podOf(one))?.spec?.containers.length, { timeout: 15_000 }).toBe(1)
      const pod = (await lab.podOf(one))!.spec!
      expect(pod.volumes ?? []).toEqual([])
      expect(pod.containers[0]!.volumeMounts ?? []).toEqual([])
      expect([pod.hostNetwork, pod.hostPID, pod.hostIPC, pod.hostUsers]).toEqual([undefined, undefined, undefined, undefined])
    }
  })

  const container = { name: 'a', image: 'a', resources: { limits: { cpu: '1m', memory: '8Mi' } }, securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } } }
  const harmless: V1PodSpec = { securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } }, containers: [container] }
  const secure = (over: object): V1PodSpec => ({ ...harmless, containers: [{ ...container, securityContext: { ...container.securityContext, ...over } }] })
  const asked: readonly [string, V1PodSpec][] = [
    ['a path of the node', { ...harmless, volumes: [{ name: 'h', hostPath: { path: '/' } }] }],
    ['the node\'s network', { ...harmless, hostNetwork: true }],
    ['the node\'s processes', { ...harmless, hostPID: true }],
    ['the node\'s memory segments', { ...harmless, hostIPC: true }],
    ['a port of the node', { ...harmless, containers: [{ ...container, ports: [{ containerPort: 80, hostPort: 80 }] }] }],
    ['privileges', secure({ privileged: true, allowPrivilegeEscalation: true })],
    ['a capability', secure({ capabilities: { drop: ['ALL'], add: ['SYS_ADMIN'] } })],
    ['an unsafe sysctl', { ...harmless, securityContext: { ...harmless.securityContext, sysctls: [{ name: 'kernel.msgmax', value: '1' }] } }],
    ['an unconfined seccomp profile', secure({ seccompProfile: { type: 'Unconfined' } })],
    ['an SELinux type', secure({ seLinuxOptions: { type: 'spc_t' } })],
  ]
  const pod = (namespace: string, spec: V1PodSpec): V1Pod & KubernetesObject => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: `p-${newKey()}`, namespace }, spec })
  test.each(['restricted', 'baseline'] as const)('an account\'s namespace at %s admits no pod that asks for more, whoever makes it', async (level) => {
    const namespace = await space(`level-${level}`, level), answers: Record<string, string> = {}
    for (const [what, spec] of asked) {
      answers[what] = await lab.client.apply(pod(namespace, spec)).then(() => 'admitted', (error: Error) => /violates PodSecurity "\w+:latest"/.exec(error.message)?.[0] ?? error.message)
    }
    expect(answers).toEqual(Object.fromEntries(asked.map(([what]) => [what, `violates PodSecurity "${level}:latest"`])))
    await lab.client.apply(pod(namespace, harmless))
    for (const spec of [secure({ runAsUser: 0 }), { ...harmless, securityContext: {} }]) {
      const doing = lab.client.apply(pod(namespace, spec))
      await (level === 'restricted' ? expect(doing).rejects.toThrow('violates PodSecurity') : expect(doing).resolves.toBeDefined())
    }
  })

  describe('a mark that is copied or forged', () => {
    const spec = (labels: Record<string, string>) => ({ replicas: 0, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: harmless } })
    const copy = async (metadata: object, kind = 'Deployment', more: object = { spec: spec({ app: 'theirs' }) }) =>
      await lab.client.apply({ ...kindOf(kind), metadata, ...more } as KubernetesObject & { metadata: { name: string; namespace: string } })

    test('proves nothing: it is neither listed nor seen, and nothing that bears it is ever changed or removed', async () => {
      const one = orderOf(), namespace = await space(one.member), other = await space(`o-${one.member}`), genuine = leaseMetadata(mine, 'Deployment', one), { labels, annotations } = genuine
      const { 'berth.proof': proof, ...noProof } = annotations
      const elsewhere = createMarks({ instance: lab.marks.instance, secret: randomBytes(32) })
      const forged = [
        await copy({ ...genuine, namespace: other }), // another namespace
        await copy({ ...genuine, name: `${genuine.name}1`, labels: { ...labels, 'berth.number': '11' } }), // another number, as it would be named
        await copy({ ...genuine, name: 'other' }), // another name
        await copy({ name: objectName({ ...one, number: 2 }), namespace, labels: { ...labels, 'berth.number': '2' }, annotations: noProof }), // no proof
        await copy({ name: objectName({ ...one, number: 3 }), namespace, labels: { ...labels, 'berth.number': '3' }, annotations: { ...annotations, 'berth.proof': `${proof!.slice(0, -1)}x` } }),
        await copy(leaseMetadata({ marks: lab.marks, host: 'k2' }, 'Deployment', { ...one, number: 4 })), // another host's
        await copy({ ...leaseMetadata({ marks: elsewhere, host }, 'Deployment', { ...one, number: 5 }), namespace }), // another key's
        await copy({ ...genuine, name: objectName(one) }, 'Service', { spec: { ports: [{ port: 80, protocol: 'TCP' }] } }), // another kind's
        await copy({ ...genuine }, 'Secret', {}),
        await copy({ ...accountMetadata(mine, 'RoleBinding', { member: one.member, name: 'reach-a' }), name: 'reach-b' }, 'RoleBinding', { roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' } }),
        await copy({ ...accountMetadata(mine, 'Namespace', { member: one.member }), name: `${other}-copy` }, 'Namespace', {}),
      ]
      spaces.add(`${other}-copy`)
      const uids = () => Promise.all(forged.map(async (it) => (await lab.client.read(reference(it.kind!, it.metadata!.name!, it.metadata!.namespace)))?.metadata?.uid))
      const before = await uids()
      expect(before.every((it) => it !== undefined)).toBe(true)

      const { runtime } = lab
      expect((await runtime.list()).filter(({ object }) => object.includes(namespace) || object.includes(other)).map(({ object }) => object).sort()).toEqual([`/Namespace/${namespace}`, `/Namespace/${other}`].sort())
      expect((await runtime.eyes.glimpse()).filter(({ key }) => key === one.key)).toEqual([])
      for (const it of forged) {
        for (const what of ['container', 'object', 'network'] as const) {
          for (const member of [one.member, `o-${one.member}`]) {
            const owned: Owned = { what, object: objectOf(it.kind!, it), key: what === 'network' ? lab.marks.accountKey(member) : one.key, number: one.number, member, running: false, hostPorts: [], createdAt: 0 }
            await runtime.removeOwned(owned)
          }
        }
      }
      for (const number of [1, 2, 3, 4, 5, 11]) {
        await runtime.remove({ ...one, number })
        await runtime.remove({ ...one, number, member: `o-${one.member}` })
        await runtime.pause({ ...one, number })
      }
      expect(await uids()).toEqual(before)
    })

    test('with another member in it is not believed: a lease of one account is not taken for another\'s', async () => {
      const one = orderOf(), namespace = await space(one.member), metadata = leaseMetadata(mine, 'Deployment', one), labels = podLabels(mine, one)
      await lab.client.apply(leaseObjects(mine, one, { ...shape, gpu: undefined }).deployment as V1Deployment & KubernetesObject)
      const seen = async () => (await lab.runtime.eyes.glimpse()).filter(({ key }) => key === one.key).map(({ member }) => member)
      expect(await seen()).toEqual([one.member])
      await cluster.kubectl('annotate', '-n', namespace, 'deployment', metadata.name, '--overwrite', 'berth.member=victim')
      expect(await seen()).toEqual([])
      expect((await lab.runtime.list()).filter(({ key, what }) => key === one.key && what === 'container')).toEqual([])
      expect((await lab.client.list(kindOf('Deployment'), { namespace, labels: Object.entries(labels).map(([name, value]) => `${name}=${value}`).join() }))).toHaveLength(1)
    })
  })
})

describe.skipIf(lacks('node'))('on a real node', { timeout: 60_000 }, () => {
  let lab: KubeLab
  const made: StartOrder[] = []
  beforeAll(async () => {
    const cluster = await sharedCluster('node')
    lab = openKubeLab({ kubeconfig: cluster.kubeconfig, as: await asBerth(cluster) })
  })
  afterAll(async () => {
    for (const order of made) await lab.runtime.remove(order)
    await lab?.close()
  })

  test('values and arguments reach the program byte by byte, whatever they look like', async () => {
    const values = nasty.filter((word) => word !== ''), env = Object.fromEntries(values.map((word, i) => [`V${i}`, word]))
    const program = shell(`for a; do printf %s "$a" | md5sum | cut -c1-32; done; ${values.map((_, i) => `printf %s "$V${i}" | md5sum | cut -c1-32`).join('; ')}; sleep 60`)
    const lines = await linesOf({ ...program, command: [...program.command, 'sh', ...values] }, env)
    const sums = values.map((word) => createHash('md5').update(word).digest('hex'))
    expect(lines).toEqual([...sums, ...sums])
  })

  async function linesOf(program: Parameters<typeof newOrder>[0], env: Record<string, string>): Promise<readonly string[]> {
    const one = newOrder(program, []), order = { ...one, spec: { ...one.spec, env } }
    made.push(order)
    await lab.runtime.start(order, signs())
    await expect.poll(async () => (await lab.runtime.logs(order, 1000)).length, { timeout: 15_000 }).toBe(2 * Object.keys(env).length)
    return await lab.runtime.logs(order, 1000)
  }

  test('the program is nobody, has no capability, no token, no path of the node, and cannot become more', async () => {
    const lines = await factsOf(lab, made)
    expect(lines).toEqual(['uid 1000', 'CapEff 0000000000000000', 'CapBnd 0000000000000000', 'NoNewPrivs 1', 'Seccomp 2', 'token absent', 'mount refused', 'services none'])
  })
})

async function factsOf(lab: KubeLab, made: StartOrder[]): Promise<readonly string[]> {
  const one = newOrder(shell([
    'echo uid $(id -u)', 'for f in CapEff CapBnd NoNewPrivs Seccomp; do grep ^$f: /proc/self/status | { read n v; echo $f $v; }; done',
    'test -e /var/run/secrets/kubernetes.io && echo token there || echo token absent', 'mount -t tmpfs x /tmp 2>/dev/null && echo mounted || echo mount refused',
    'env | grep _SERVICE_HOST | grep -qv ^KUBERNETES_ && echo services told || echo services none', 'sleep 60',
  ].join('; ')), [])
  made.push(one)
  await lab.runtime.start(one, signs())
  await expect.poll(async () => (await lab.runtime.logs(one, 20)).length, { timeout: 15_000 }).toBe(8)
  return await lab.runtime.logs(one, 20)
}
