/** What tests do on a cluster, whichever process started it. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { addNode, loseNode, removeNode, type Offer } from './kwok.ts'
import { readAdmin } from './kubeconfig.ts'
import { ownEnvironment, type Prefix } from './programs.ts'

export type Mode = 'api' | 'kwok' | 'node'

/** How a cluster is reached: it may be sent to another process of this machine. */
export interface Reach {
  readonly mode: Mode
  /** Path of a kubeconfig of the cluster's admin. */
  readonly kubeconfig: string
  /** https://… */
  readonly url: string
  /** Where node ports answer; 127.0.0.1 without a real node. */
  readonly address: string
  /** Path of the program that is kubectl when its first argument says so. */
  readonly kube: string
  /** Stands before a command that runs in the namespaces of the real node. */
  readonly within?: Prefix
}

export interface Use extends Reach {
  /** On `kwok`: one more node; returns once pods are placed there. */
  fakeNode(name: string, offer?: Offer): Promise<void>
  /** On `kwok`: as an admin deletes a node; its pods are orphans then. */
  removeNode(name: string): Promise<void>
  /** On `kwok`: the node falls silent, as one that lost its power. */
  loseNode(name: string): Promise<void>
  /** On `node`: runs a command in the node's namespaces and returns what it printed. */
  inNode(command: readonly string[]): Promise<string>
  /** Runs kubectl as the cluster's admin and returns what it printed. */
  kubectl(...args: string[]): Promise<string>
}

export function use(reach: Reach): Use {
  const run = async (program: string, args: readonly string[]) => (
    (await promisify(execFile)(program, args, { env: ownEnvironment(), maxBuffer: 2 ** 26 })).stdout)
  const asAdmin = (mode: Mode) => reach.mode === mode ? readAdmin(reach.kubeconfig) : missing(mode)
  return {
    ...reach,
    fakeNode: async (name, offer) => addNode(asAdmin('kwok'), name, offer),
    removeNode: async (name) => removeNode(asAdmin('kwok'), name),
    loseNode: async (name) => loseNode(asAdmin('kwok'), name),
    async inNode(command) {
      const [program, ...args] = reach.within ?? missing('node')
      return run(program!, [...args, ...command])
    },
    kubectl: (...args) => run(reach.kube, ['kubectl', '--kubeconfig', reach.kubeconfig, ...args]),
  }
}

function missing(mode: Mode): never {
  throw new Error(`Only a cluster of the mode ${mode} does that.`)
}
