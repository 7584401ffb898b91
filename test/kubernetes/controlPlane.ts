/** etcd, the API server and its controllers, as processes of this machine. */
import { join } from 'node:path'
import { freePort } from '../../worker/embedded/port.ts'
import type { Server } from '../../worker/embedded/server.ts'
import { untilReady } from '../../worker/embedded/tether.ts'
import { call, read, type Admin } from './api.ts'
import type { Component, Credentials } from './certificates.ts'
import { writeKubeconfig } from './kubeconfig.ts'
import { serve, start, type Bench } from './programs.ts'

export interface ControlPlaneOptions {
  readonly credentials: Credentials
  /** Where the API server listens. */
  readonly host: string
  /** Network of the Services' addresses. */
  readonly services: string
  readonly nodePorts: readonly [number, number]
  readonly scheduler: boolean
}

export interface ControlPlane {
  readonly admin: Admin
  /** Path of the admin's kubeconfig. */
  readonly kubeconfig: string
  readonly apiServer: Server
  /** Writes a component's kubeconfig and returns its path. */
  kubeconfigFor(component: Component): string
}

/** Returns once the API answers; the controllers may still be on their way (`untilControllersWork`). */
export async function startApi(bench: Bench, options: ControlPlaneOptions): Promise<ControlPlane> {
  const { credentials, host } = options, port = await freePort()
  const admin = { server: `https://${host}:${port}`, ca: credentials.ca, cert: credentials.cert, key: credentials.key }
  const kubeconfig = join(bench.dir, 'kubeconfig')
  writeKubeconfig(kubeconfig, admin, admin)
  const etcdPort = await freePort()
  // It asks for etcd until it is there.
  const [apiServer] = await Promise.all([
    serve(bench, 'kube-apiserver', { flags: apiFlags({ ...options, port, etcdPort }), port, ready: async () => (await call(admin, '/readyz')).status === 200 }),
    startEtcd(bench, etcdPort),
  ])
  return {
    admin, kubeconfig, apiServer,
    kubeconfigFor(component) {
      const file = join(bench.dir, `${component}.kubeconfig`)
      writeKubeconfig(file, admin, { token: credentials.tokens[component] })
      return file
    },
  }
}

/** Data that lives as long as a test need not reach the disk. */
async function startEtcd(bench: Bench, port: number): Promise<void> {
  const client = `http://127.0.0.1:${port}`, peer = `http://127.0.0.1:${await freePort()}`
  await serve(bench, 'etcd', { port, ready: async () => (await fetch(`${client}/health`)).ok, flags: [
    '--name', 'berth', '--data-dir', join(bench.dir, 'etcd'), '--listen-client-urls', client, '--advertise-client-urls', client,
    '--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer, '--initial-cluster', `berth=${peer}`, '--unsafe-no-fsync', '--log-level', 'warn',
  ] })
}

function apiFlags({ credentials, host, port, etcdPort, services, nodePorts }: ControlPlaneOptions & { port: number; etcdPort: number }): string[] {
  const at = (name: string) => join(credentials.dir, name)
  return Object.entries({
    'etcd-servers': `http://127.0.0.1:${etcdPort}`, 'bind-address': host, 'secure-port': port,
    'tls-cert-file': at('server.crt'), 'tls-private-key-file': at('server.key'), 'client-ca-file': at('ca.crt'), 'token-auth-file': at('tokens.csv'),
    'kubelet-client-certificate': at('admin.crt'), 'kubelet-client-key': at('admin.key'), 'kubelet-preferred-address-types': 'InternalIP',
    'service-account-issuer': 'https://kubernetes.default.svc', 'service-account-signing-key-file': at('accounts.key'),
    'service-account-key-file': at('accounts.pub'), 'service-cluster-ip-range': services, 'service-node-port-range': nodePorts.join('-'),
    'authorization-mode': 'Node,RBAC', 'allow-privileged': true,
  }).map(([name, value]) => `--${name}=${value}`)
}

/** Waits for the first thing that a controller makes in a cluster. */
export async function startControllers(bench: Bench, plane: ControlPlane, options: ControlPlaneOptions): Promise<void> {
  // Their own limit of 20 calls a second makes them ready in 8 s instead of 3.
  const quick = ['--leader-elect=false', '--secure-port=0', '--kube-api-qps=500', '--kube-api-burst=1000']
  const { dir } = options.credentials
  const [controllers] = await Promise.all([
    start(bench, 'kube-controller-manager', { flags: [
      `--kubeconfig=${plane.kubeconfigFor('kube-controller-manager')}`, '--use-service-account-credentials',
      `--service-account-private-key-file=${join(dir, 'accounts.key')}`, `--root-ca-file=${join(dir, 'ca.crt')}`, ...quick,
    ] }),
    options.scheduler && start(bench, 'kube-scheduler', { flags: [`--kubeconfig=${plane.kubeconfigFor('kube-scheduler')}`, ...quick] }),
  ])
  const made = '/api/v1/namespaces/default/serviceaccounts/default'
  await untilReady('kube-controller-manager', controllers, async () => await read(plane.admin, made) !== undefined, 60_000)
}
