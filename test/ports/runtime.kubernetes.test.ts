import { randomBytes } from 'node:crypto'
import { describe } from 'vitest'
import { leaseObjects } from '../../activities/kubernetes/lease.ts'
import { namespaceObject } from '../../activities/kubernetes/account.ts'
import { objectOf } from '../../activities/kubernetes/labels.ts'
import { createMarks } from '../../activities/mark.ts'
import { toolsImage } from '../../worker/embedded/image.ts'
import { lacks } from '../kubernetes/lacks.ts'
import { givenCluster, sharedCluster } from '../kubernetes/shared.ts'
import { shell, web } from './docker/lab.ts'
import { asBerth } from './kubernetes/berth.ts'
import { type LabOptions, host, nodePort, openKubeLab } from './kubernetes/lab.ts'
import { type RuntimeUnderTest, runtimeSuite } from './runtime.suite.ts'

type Program = RuntimeUnderTest['web']

/** `tools`: reference of an image with a shell and busybox's commands. */
function underTest(options: LabOptions, { web, tools }: { readonly web: Program; readonly tools: string }): RuntimeUnderTest {
  const lab = openKubeLab(options), owner = { marks: lab.marks, host }
  const stranger = createMarks({ instance: `${lab.marks.instance}x`, secret: randomBytes(32) })
  const inShell = (script: string): Program => ({ ...shell(script, [80]), reference: tools })
  return {
    runtime: lab.runtime, twin: lab.open(), stranger: lab.open({ marks: stranger }), web,
    fails: {
      unknownImage: { ...web, reference: 'Not/AnImage' },
      badCommand: { ...web, reference: tools, command: ['/nosuch'] },
      exitedAtOnce: inShell('exit 3'),
      notListening: inShell('sleep 60'),
    },
    freePort: async () => nodePort(), occupy: lab.occupy,
    rest: 'object',
    async leaveRest(one) {
      const [service] = leaseObjects(owner, one, { user: 1000, reserve: 1, pull: 'Never', pullSecret: false, graceS: 1 }).others
      await lab.client.apply(namespaceObject(owner, { member: one.member, security: 'restricted', by: '' }))
      return objectOf('Service', await lab.client.apply(service!))
    },
    die: lab.kill, close: lab.close,
  }
}

describe.skipIf(lacks('node'))('a runtime on Kubernetes', () => {
  runtimeSuite(async () => {
    const cluster = await sharedCluster('node')
    return underTest({ kubeconfig: cluster.kubeconfig, as: await asBerth(cluster) }, { web, tools: toolsImage })
  })
})

/** As the user whom KUBECONFIG names: nothing but namespaces of the suite's own is made there, and those go at its end. */
const given = givenCluster(), tools = process.env['BERTH_TEST_IMAGE'] ?? 'busybox:1.37'

describe.skipIf(!given)('a runtime on the cluster that KUBECONFIG names', () => {
  runtimeSuite(async () => underTest({ ...given!, listenMs: 30_000 }, { tools, web: {
    image: 'web', reference: tools, ports: [80], command: ['sh', '-c', 'mkdir -p /tmp/w; echo hello > /tmp/w/index.html; exec httpd -f -p 80 -h /tmp/w'],
  } }))
})
