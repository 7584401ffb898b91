/** Whatever keeps Berth from lending on a cluster is said in one sentence with the next step, before anything is lent. */
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type Server, createServer, request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { connect } from '../../../activities/kubernetes/client.ts'
import { createKubernetes, type KubernetesOptions, type KubernetesRuntime } from '../../../activities/kubernetes/kubernetes.ts'
import { createMarks } from '../../../activities/mark.ts'
import { checkConfig } from '../../../worker/config.ts'
import { freePort } from '../../../worker/embedded/port.ts'
import { lendCluster } from '../../../worker/wiring/kubernetes.ts'
import { type Cluster, startCluster } from '../../kubernetes/cluster.ts'
import { readAdmin, type User, writeKubeconfig } from '../../kubernetes/kubeconfig.ts'
import { lacks } from '../../kubernetes/lacks.ts'
import { asAccount, asBerth, manifest } from './berth.ts'

const folder = mkdtempSync(join(tmpdir(), 'berth-check-')), marks = createMarks({ instance: 'check', secret: randomBytes(32) })
const newFile = (text = '') => {
  const file = join(folder, randomBytes(4).toString('hex'))
  writeFileSync(file, text)
  return file
}

describe.skipIf(lacks('api'))('before it lends', { timeout: 60_000 }, () => {
  let cluster: Cluster, admin: string
  const opened: KubernetesRuntime[] = [], servers: Server[] = [], heard: string[] = []
  beforeAll(async () => {
    cluster = await startCluster({ mode: 'api' })
    admin = to({ user: certificate(30) })
  })
  afterAll(async () => {
    await cluster?.stop()
    rmSync(folder, { recursive: true })
  })
  afterEach(async () => {
    for (const one of opened.splice(0)) await one.close()
    for (const one of servers.splice(0)) one.close()
    // Whatever was said, no address, token, key or certificate is in it.
    for (const sentence of heard.splice(0)) {
      expect(sentence).not.toMatch(/https?:|127\.0\.0\.1|::1|localhost|nowhere|eyJ|BEGIN|[A-Za-z0-9+/_-]{60}/)
      expect(sentence).not.toContain(new URL(cluster.url).port)
      for (const secret of secrets) expect(sentence).not.toContain(secret)
    }
  })
  const secrets: string[] = []
  const secret = (text: string) => {
    secrets.push(text)
    return text
  }

  type How = Partial<KubernetesOptions> & { readonly ports?: readonly [number, number] }
  const open = ({ ports: _, ...options }: How) => {
    const one = createKubernetes({ cluster, marks, host: 'k', control: [], ...options })
    opened.push(one)
    return one
  }
  const hear = (text: string) => {
    heard.push(text)
    return text
  }
  /** What `prepare` refuses with. */
  async function refusal(kubeconfig: string, how: How = {}): Promise<string> {
    const doing = async () => await open({ cluster: { kubeconfig }, ...how }).prepare(how.ports)
    return await doing().then(() => { throw new Error('Nothing was refused.') }, (error: Error) => hear(error.message))
  }
  const found = async (kubeconfig: string, how: How = {}) =>
    (await open({ cluster: { kubeconfig }, ...how }).prepare(how.ports)).map(({ level, says }) => hear(`${level}: ${says}`))

  const to = ({ server = readAdmin(cluster.kubeconfig).server, ca = readAdmin(cluster.kubeconfig).ca, user }: { server?: string; ca?: string; user?: User }) => {
    const file = newFile()
    writeKubeconfig(file, { server, ca }, user ?? readAdmin(cluster.kubeconfig))
    return file
  }
  /** A client certificate of the cluster's admins that is good for so many days from now. */
  function certificate(days: number): User {
    const at = (name: string) => join(dirname(cluster.kubeconfig), 'credentials', name), file = newFile(), openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'pipe' })
    openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', `${file}.key`, '-out', `${file}.csr`, '-subj', '/O=system:masters/CN=somebody')
    openssl('x509', '-req', '-in', `${file}.csr`, '-CA', at('ca.crt'), '-CAkey', at('ca.key'), '-CAcreateserial', '-days', String(days), '-out', `${file}.crt`)
    return { cert: readFileSync(`${file}.crt`, 'utf8'), key: readFileSync(`${file}.key`, 'utf8') }
  }

  describe('a kubeconfig', () => {
    test('that is not there', async () => {
      expect(await refusal('/nonexistent/config')).toBe('The kubeconfig /nonexistent/config cannot be read (ENOENT): is host.kubernetes.kubeconfig right, and may Berth\'s user read it?')
    })
    test('that is not set, outside of a cluster', async () => {
      expect(await refusal('', { cluster: {} })).toBe('This is no pod of a cluster: set host.kubernetes.kubeconfig to the file that says where the cluster is.')
    })
    test('that is none, without the lines around the fault', async () => {
      const token = secret('very-secret-token')
      for (const text of [`users:\n- name: x\n  user: { token: ${token}\nclusters: [`, '', '- a', `users: [{ user: { token: ${token} } }]`]) {
        const file = newFile(text)
        expect(await refusal(file)).toMatch(/is not one: kubectl .* config view shows|names no current cluster/)
      }
    })
    test('without the context', async () => {
      expect(await refusal(cluster.kubeconfig, { cluster: { kubeconfig: cluster.kubeconfig, context: 'prod' } }))
        .toBe(`The kubeconfig ${cluster.kubeconfig} has no context prod; set host.kubernetes.context to one of: berth-test.`)
    })
    test('that names nobody', async () => {
      const file = newFile(readFileSync(cluster.kubeconfig, 'utf8').replace(/"user":\{[^}]*\}/, '"user":{}'))
      expect(await refusal(file)).toMatch(/^The context berth-test of the kubeconfig names nobody with a certificate, a token or a plugin\. Get a new one/)
    })
    test('whose token is in a file that is renewed', async () => {
      const token = JSON.parse(readFileSync(await asBerth(cluster), 'utf8')) as { users: [{ user: { token: string } }] }
      const file = newFile(token.users[0].user.token), kubeconfig = newFile(JSON.stringify({
        ...JSON.parse(readFileSync(cluster.kubeconfig, 'utf8')) as object, users: [{ name: 'berth-test', user: { tokenFile: file } }],
      }))
      expect((await found(kubeconfig)).filter((one) => one.startsWith('warn'))).toEqual([])
      writeFileSync(file, 'no longer')
      expect(await refusal(kubeconfig)).toMatch(/^The cluster does not accept Berth's token\./)
    })
    test('whose plugin fails', async () => {
      const kubeconfig = newFile(JSON.stringify({ ...JSON.parse(readFileSync(cluster.kubeconfig, 'utf8')) as object, users: [{ name: 'berth-test', user: {
        exec: { apiVersion: 'client.authentication.k8s.io/v1', command: 'sh', args: ['-c', 'echo no session at https://sso.example.org/x, eyJhbGciOi.eyJzdWIi.sig >&2; exit 1'] },
      } }] }))
      expect(await refusal(kubeconfig)).toMatch(/^The credentials of the cluster cannot be had: no session at … …/)
    })
  })

  describe('a cluster', () => {
    test.each([
      ['nobody listens there: ECONNREFUSED', async () => ({ server: `https://127.0.0.1:${await freePort()}` })],
      ['its name is not known here: ENOTFOUND|cannot be looked up here: EAI_AGAIN', async () => ({ server: 'https://nowhere.invalid:6443' })],
      ['its certificate is not of the authority that the kubeconfig names', async () => ({ ca: otherAuthority() })],
      ['its certificate is for another name', async () => ({ server: (await served(cluster, () => undefined)).replace('127.0.0.1', '127.0.0.2') })],
    ])('that cannot be reached: %s', async (why, where) => {
      expect(await refusal(to(await where()))).toMatch(new RegExp(`^The cluster does not answer \\(.*(${why}).*\\)\\. See from here, as Berth's user, what this says: kubectl --context berth-test get --raw /version$`))
    })
    test('that answers nothing', async () => {
      const server = await served(cluster, () => 'nothing')
      expect(await refusal(to({ server }))).toMatch(/^The cluster did not tell its version within 5 s\. See from here/)
    })
    test('that is older than any that was tried, which is no reason to stop', async () => {
      const server = await served(cluster, (path) => path === '/version' ? { major: '1', minor: '35+', gitVersion: 'v1.35.9-eks' } : undefined)
      const { users: [{ user }] } = JSON.parse(readFileSync(await asBerth(cluster), 'utf8')) as { users: [{ user: User }] }
      expect(await found(to({ server, user }))).toContain('warn: The cluster\'s API server is v1.35.9-eks; Berth was tested with 1.36.')
      expect((await found(admin)).join()).not.toContain('tested')
    })
    test('without a metrics API, which is no reason to stop', async () => {
      expect(await found(admin)).toEqual([expect.stringMatching(/^info: The cluster has no metrics API\. So of leases/)])
    })
  })

  describe('credentials', () => {
    test('that ended, and which', async () => {
      expect(await refusal(to({ user: certificate(-1) }))).toMatch(/^The cluster does not accept Berth's client certificate any more: it was valid until \d{4}-\d\d-\d\d \d\d:\d\d UTC\. Get a new one from an admin/)
      const token = secret(webToken({ exp: Date.now() / 1000 - 60 }))
      expect(await refusal(to({ user: { token } }))).toMatch(/^The cluster does not accept Berth's token any more: it was valid until /)
    })
    test('that end while it works', async () => {
      const client = connect({ kubeconfig: to({ user: certificate(-1) }) })
      const said = await client.list({ apiVersion: 'v1', kind: 'Node' }, {}).catch((error: Error) => error.message)
      expect(hear(String(said))).toMatch(/^The cluster does not accept Berth's client certificate, which was valid until \d{4}-.* UTC\.$/)
      await client.close()
    })
    test('that the cluster does not know', async () => {
      expect(await refusal(to({ user: { token: secret('opaque-and-wrong') } }))).toMatch(/^The cluster does not accept Berth's token\. Get a new one/)
      const until = Date.now() / 1000 + 3600
      expect(await refusal(to({ user: { token: secret(webToken({ exp: until })) } }))).toMatch(/^The cluster does not accept Berth's token, which is valid until .* UTC\. Get/)
    })
    test('that were renewed in their files are taken without a new start', async () => {
      const [old, fresh] = [certificate(-1), certificate(2)] as { cert: string; key: string }[], cert = newFile(old!.cert), key = newFile(old!.key)
      const kubeconfig = newFile(JSON.stringify({ ...JSON.parse(readFileSync(cluster.kubeconfig, 'utf8')) as object, users: [{ name: 'berth-test', user: { 'client-certificate': cert, 'client-key': key } }] }))
      const client = connect({ kubeconfig }), nodes = () => client.list({ apiVersion: 'v1', kind: 'Node' }, {})
      await expect(nodes()).rejects.toThrow('which was valid until')
      writeFileSync(cert, fresh!.cert)
      writeFileSync(key, fresh!.key)
      expect(await nodes()).toEqual([])
      await client.close()
    })
    test('that end soon are worth a warning', async () => {
      expect(await found(to({ user: certificate(3) }))).toContainEqual(expect.stringMatching(/^warn: Berth's client certificate for the cluster is valid only until \d{4}/))
    })
  })

  test('rights that are missing are named, with the Role that gives them, and that Role is enough', async () => {
    await cluster.kubectl('create', 'serviceaccount', 'poor')
    const poor = await asAccount(cluster, 'poor', 'default')
    await cluster.kubectl('delete', '--ignore-not-found', 'clusterrole', 'berth-inside', 'berth-member')
    const said = await refusal(poor)
    expect(said).toMatch(/^Berth may not get namespaces in the whole cluster, list namespaces in the whole cluster, .*list nodes in the whole cluster.*bind clusterroles of rbac\.authorization\.k8s\.io in the whole cluster\. An admin applies worker\/kubernetes-role\.yaml, or gives it what is missing:\n/)
    await cluster.kubectl('apply', '-f', newFile(said.slice(said.indexOf('\n') + 1)))
    await cluster.kubectl(...said.split('# and then: kubectl ')[1]!.split(' '))
    expect(await refusal(poor)).toBe('The cluster has no ClusterRole berth-inside: an admin applies worker/kubernetes-role.yaml.')
    await cluster.kubectl('apply', '--server-side', '-f', manifest)
    expect((await found(poor)).filter((one) => one.startsWith('warn'))).toEqual([])
  })

  test('a role of an older Berth is told from one that is enough', async () => {
    const berth = await asBerth(cluster), without = /.*"secrets".*\n/
    await cluster.kubectl('apply', '--server-side', '--force-conflicts', '-f', newFile(readFileSync(manifest, 'utf8').replace(without, '')))
    const said = await refusal(berth)
    expect(said).toMatch(/^The ClusterRole berth-inside does not let Berth get secrets, list secrets, create secrets, patch secrets, delete secrets\. An admin applies this Berth's/)
    expect(said).toContain('{ apiGroups: [""], resources: ["secrets"], verbs: ["get", "list", "create", "patch", "delete"] }')
    await asBerth(cluster)
    expect(await found(berth)).toHaveLength(1)
  })

  test('node ports outside of the cluster\'s range are told with that range, by whoever may ask', async () => {
    const berth = await asBerth(cluster), said = 'does not lie within the cluster\'s node ports, 30000 to 32767: set host.ports to a part of them.'
    for (const who of [admin, berth]) {
      expect(await refusal(who, { ports: [20_000, 30_100] })).toBe(`host.ports 20000 to 30100 ${said}`)
      expect(await refusal(who, { ports: [32_000, 33_000] })).toBe(`host.ports 32000 to 33000 ${said}`)
      expect(await found(who, { ports: [30_000, 32_767] })).toHaveLength(1)
    }
    await cluster.kubectl('create', 'service', 'nodeport', 'held', '--tcp=80', '--node-port=30000')
    expect(await found(berth, { ports: [30_000, 30_100] })).toHaveLength(1)
    await cluster.kubectl('delete', 'role', 'berth-ports', '-n', 'berth-system')
    await expect.poll(() => found(berth, { ports: [30_000, 30_100] })).toContain('info: Whether the cluster has the node ports 30000 to 30100 is not known: Berth may not create services in namespace berth-system.')
    expect((await cluster.kubectl('get', 'services', '-A', '-o', 'name')).split('\n').filter(Boolean)).toEqual(['service/held', 'service/kubernetes'])
  })

  test('a cluster whose range is every port is asked as well, and what that made is cleared away', async () => {
    const wide = await startCluster({ mode: 'api', nodePorts: [1, 65_535] })
    const one = open({ cluster: wide, ports: [20_000, 40_000] })
    expect((await one.prepare([20_000, 40_000])).filter(({ says }) => says.includes('node ports'))).toEqual([])
    await expect.poll(() => wide.kubectl('get', 'services', '-A', '-o', 'name'), { timeout: 20_000 }).toBe('service/kubernetes\n')
    await wide.stop()
  })

  test('registry credentials that are none', async () => {
    for (const pullSecret of [secret('user:secret-password'), '{}', 'null', '{"auths":"secret-password"}']) {
      expect(await refusal(cluster.kubeconfig, { pullSecret })).toBe('host.kubernetes.pullSecretFile is no config.json of Docker: it needs "auths", as docker login writes it.')
    }
    expect(await found(admin, { pullSecret: '{"auths":{}}' })).toHaveLength(1)
  })

  test('a host role does not start on a cluster that is not fit', async () => {
    const config = checkConfig({
      instance: 'check', roles: ['host'], state: folder, keys: { payloads: 'p', marks: 'm', env: 'e' },
      host: { name: 'k', site: 's', ports: [20_000, 20_100], kubernetes: { kubeconfig: cluster.kubeconfig } },
    })
    await expect(lendCluster(config, marks)).rejects.toThrow('host.ports 20000 to 20100 does not lie within')
  })

  /** The cluster's API behind another door that may answer for it, or not at all; an address with its own certificate. */
  async function served(of: Cluster, answer: (path: string) => object | 'nothing' | undefined): Promise<string> {
    const at = (name: string) => readFileSync(join(dirname(of.kubeconfig), 'credentials', name)), admin = readAdmin(of.kubeconfig)
    const server = createServer({ cert: at('server.crt'), key: at('server.key') }, (question, reply) => {
      const own = answer(question.url ?? '')
      if (own === 'nothing') return
      if (own) return void reply.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(own))
      question.pipe(request(admin.server + question.url, { method: question.method, headers: question.headers, ca: admin.ca }, (got) => {
        reply.writeHead(got.statusCode!, got.headers)
        got.pipe(reply)
      }))
    })
    servers.push(server)
    await new Promise<void>((done) => server.listen(0, '0.0.0.0', done))
    return `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  }
})

/** As a service account's token says of itself; its signature is nobody's. */
const webToken = (claims: object): string => ['{"alg":"none"}', JSON.stringify(claims), randomBytes(32).toString('hex')].map((part) => Buffer.from(part).toString('base64url')).join('.')

function otherAuthority(): string {
  const file = newFile()
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', `${file}.key`, '-out', `${file}.crt`, '-days', '2', '-subj', '/CN=other'], { stdio: 'pipe' })
  return readFileSync(`${file}.crt`, 'utf8')
}
