import { randomBytes } from 'node:crypto'
import { describe, expect } from 'vitest'
import { leaseObjects } from '../../activities/kubernetes/lease.ts'
import { namespaceObject } from '../../activities/kubernetes/account.ts'
import { objectOf } from '../../activities/kubernetes/labels.ts'
import { createMarks } from '../../activities/mark.ts'
import { toolsImage } from '../../worker/embedded/image.ts'
import { lacks } from '../kubernetes/lacks.ts'
import { sharedCluster } from '../kubernetes/shared.ts'
import { shell, web } from './docker/lab.ts'
import { asBerth } from './kubernetes/berth.ts'
import { host, nodePort, openKubeLab } from './kubernetes/lab.ts'
import { runtimeSuite } from './runtime.suite.ts'

describe.skipIf(lacks('node'))('a runtime on Kubernetes', () => {
  runtimeSuite(async () => {
    const cluster = await sharedCluster('node')
    const lab = openKubeLab({ kubeconfig: cluster.kubeconfig, as: await asBerth(cluster) }), owner = { marks: lab.marks, host }
    return {
      runtime: lab.runtime, twin: lab.open(), stranger: lab.open({ marks: createMarks({ instance: `${lab.marks.instance}x`, secret: randomBytes(32) }) }), web,
      fails: {
        unknownImage: { ...web, reference: 'Not/AnImage' },
        badCommand: { ...web, reference: toolsImage, command: ['/nosuch'] },
        exitedAtOnce: shell('exit 3', [80]),
        notListening: shell('sleep 60', [80]),
      },
      freePort: async () => nodePort(), occupy: lab.occupy,
      rest: 'object',
      async leaveRest(one) {
        const [service] = leaseObjects(owner, one, { user: 1000, reserve: 1, pull: 'Never', pullSecret: false, graceS: 1 }).others
        await lab.client.apply(namespaceObject(owner, { member: one.member, security: 'restricted', by: '' }))
        return objectOf('Service', await lab.client.apply(service!))
      },
      async die(one) {
        const container = async () => (await lab.podOf(one))?.status?.containerStatuses?.[0]
        const id = (await container())?.containerID?.replace('containerd://', '')
        await cluster.inNode(['ctr', '-n', 'k8s.io', 'tasks', 'kill', '-s', 'SIGKILL', id!])
        // The kubelet looks once a second.
        await expect.poll(async () => (await container())?.lastState?.terminated ?? (await container())?.state?.terminated, { timeout: 10_000 }).toBeDefined()
      },
      close: lab.close,
    }
  })
})
