/** The clusters that test files have without starting their own. */
import { inject } from 'vitest'
import { askBroker } from './broker.ts'
import { use, type Mode, type Use } from './use.ts'

/**
 * A cluster that all files of this run share, started if it is not there yet. Work in namespaces of your own, and give fake
 * nodes names and labels of your own; who kills the API server starts a cluster of its own.
 */
export async function sharedCluster(mode: Mode): Promise<Use> {
  return use(await askBroker(inject('clusters'), mode))
}

/** The cluster that the environment names in KUBECONFIG, if it does: nothing is known of it but how it is reached. */
export function givenCluster(): { readonly kubeconfig: string } | undefined {
  const kubeconfig = process.env['KUBECONFIG']
  if (!kubeconfig) return undefined
  if (kubeconfig.includes(':')) throw new Error(`KUBECONFIG must name one file for the tests, and it is ${kubeconfig}.`)
  return { kubeconfig }
}
