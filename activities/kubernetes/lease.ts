/** What a lease is on a cluster: Deployment, Service, Ingress, Secret, with limits and hardening, decided here alone. Pure. */
import type { V1Deployment, V1Ingress, V1PodSecurityContext, V1ResourceRequirements, V1Secret, V1SecurityContext, V1Service } from '@kubernetes/client-node'
import { CannotRun, type StartOrder } from '../../workflows/ports.ts'
import { leaseAccount, pullSecretName } from './account.ts'
import { type Owner, leaseMetadata, objectName, podLabels } from './labels.ts'
import { cpuText, memoryText } from './quantity.ts'

export interface Shape {
  /** User of a container whose image names none, or root: *restricted* lets nobody be root. */
  readonly user: number
  /** Resource name of a GPU. */
  readonly gpu?: string | undefined
  /** Share of its cpu that a pod reserves for itself: 1 promises all of it. */
  readonly reserve: number
  readonly pull: 'Always' | 'IfNotPresent' | 'Never'
  /** The account's Namespace holds the registry's credentials. */
  readonly pullSecret: boolean
  /** SIGTERM to SIGKILL, where the cluster itself stops a pod. */
  readonly graceS: number
}

/** Below it no container starts. */
export const leastMemory = 6 * 2 ** 20

export interface LeaseObjects {
  readonly deployment: V1Deployment
  /** What it needs, and what goes with it. */
  readonly others: readonly (V1Service | V1Ingress | V1Secret)[]
}

export function leaseObjects(owner: Owner, order: StartOrder, shape: Shape): LeaseObjects {
  const { spec, terms } = order
  if (spec.memory < leastMemory) throw new CannotRun('tooBig', 'A container needs at least 6 MiB of memory.')
  const hasEnv = Object.keys(spec.env ?? {}).length > 0, [webPort] = spec.ports
  return {
    deployment: deployment(owner, order, { shape, hasEnv }),
    others: [
      ...(hasEnv ? [secret(owner, order)] : []),
      ...(webPort !== undefined ? [service(owner, order)] : []),
      ...(webPort !== undefined && terms?.ingressClass !== undefined && terms.hostname !== undefined
        ? [ingress(owner, order, { host: terms.hostname, className: terms.ingressClass, port: webPort })] : []),
    ],
  }
}

/** Values never stand in the Deployment, which members may read. */
function secret(owner: Owner, order: StartOrder): V1Secret {
  const data = Object.fromEntries(Object.entries(order.spec.env ?? {}).map(([name, value]) => [name, Buffer.from(value).toString('base64')]))
  return { apiVersion: 'v1', kind: 'Secret', metadata: leaseMetadata(owner, 'Secret', order), type: 'Opaque', data }
}

function service(owner: Owner, order: StartOrder): V1Service {
  const { spec: { ports }, hostPorts } = order
  return {
    apiVersion: 'v1', kind: 'Service', metadata: leaseMetadata(owner, 'Service', order),
    spec: {
      type: 'NodePort', selector: podLabels(owner, order),
      ports: ports.map((port, i) => ({ name: portName(port), port, targetPort: port, nodePort: hostPorts[i]!, protocol: 'TCP' })),
    },
  }
}

const portName = (port: number) => `tcp-${port}`

function ingress(owner: Owner, order: StartOrder, { host, className, port }: { host: string; className: string; port: number }): V1Ingress {
  const backend = { service: { name: objectName(order), port: { name: portName(port) } } }
  return {
    apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata: leaseMetadata(owner, 'Ingress', order),
    spec: { ingressClassName: className, rules: [{ host, http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }] },
  }
}

function deployment(owner: Owner, order: StartOrder, { shape, hasEnv }: { shape: Shape; hasEnv: boolean }): V1Deployment {
  const { spec } = order, labels = podLabels(owner, order)
  return {
    apiVersion: 'apps/v1', kind: 'Deployment', metadata: leaseMetadata(owner, 'Deployment', order),
    spec: {
      // An old revision is of no use: a placement never changes.
      replicas: 1, revisionHistoryLimit: 0, strategy: { type: 'Recreate' }, selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          serviceAccountName: leaseAccount, automountServiceAccountToken: false, enableServiceLinks: false,
          terminationGracePeriodSeconds: shape.graceS,
          // As on Docker, the first process is the runtime's own: a program that is the first heeds no SIGTERM unless it says so.
          shareProcessNamespace: true,
          // A node that is lost is given up sooner than after the cluster's own five minutes.
          tolerations: ['not-ready', 'unreachable'].map((what) => (
            { key: `node.kubernetes.io/${what}`, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 30 })),
          securityContext: {
            ...(order.terms?.security !== 'baseline' && nobody(shape.user)), seccompProfile: { type: 'RuntimeDefault' },
            // Nobody here is root, and pages listen on port 80.
            sysctls: [{ name: 'net.ipv4.ip_unprivileged_port_start', value: '0' }],
          },
          ...(shape.pullSecret && { imagePullSecrets: [{ name: pullSecretName }] }),
          containers: [{
            name: containerName, image: spec.reference, imagePullPolicy: shape.pull,
            // As on Docker, the image's entry point stays.
            ...(spec.command && { args: [...spec.command].map(plain) }),
            ...(hasEnv && { envFrom: [{ secretRef: { name: objectName(order) } }] }),
            ...(spec.ports.length > 0 && { ports: spec.ports.map((port) => ({ name: portName(port), containerPort: port, protocol: 'TCP' })) }),
            resources: resources(order, shape),
            securityContext: hardened,
          }],
        },
      },
    },
  }
}

/** Whatever user the image names: *restricted* wants a number that is not root's. Under *baseline* the image decides, as on Docker. */
const nobody = (user: number): V1PodSecurityContext => ({ runAsNonRoot: true, runAsUser: user, runAsGroup: user, fsGroup: user })

/** Of the one container in each pod. */
export const containerName = 'lease'

const hardened: V1SecurityContext = { allowPrivilegeEscalation: false, privileged: false, capabilities: { drop: ['ALL'] } }

function resources({ spec }: StartOrder, { gpu, reserve }: Shape): V1ResourceRequirements {
  if (spec.gpu !== undefined && gpu === undefined) throw new CannotRun('tooBig', 'This host offers no GPU.')
  const limits = { cpu: cpuText(spec.cpu), memory: memoryText(spec.memory), ...(spec.gpu !== undefined && { [gpu!]: String(spec.gpu) }) }
  return { limits, requests: { ...limits, cpu: cpuText(spec.cpu * reserve) } }
}

/** The kubelet replaces `$(NAME)` in arguments, and `$$` by a dollar sign, wherever it stands. */
const plain = (argument: string): string => argument.replaceAll('$', '$$$$')
