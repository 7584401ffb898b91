/** Whether this machine can have a cluster of the tests. */
import { existsSync } from 'node:fs'
import { find } from '../../worker/embedded/find.ts'
import { cachedBinary } from './binary.ts'
import { plugins } from './node/containerd.ts'
import type { Mode } from './use.ts'

const said = new Set<string>()

/**
 * What is missing here for a cluster of this mode, said once; undefined when nothing is. With CI=true nothing is said to be
 * missing, so that the tests run and fail: `describe.skipIf(lacks('node'))`.
 */
export function lacks(mode: Mode): string | undefined {
  const reason = process.env['CI'] === 'true' ? undefined : missing(mode)
  if (reason && !said.has(reason)) console.error(`Tests on Kubernetes (${mode}) are skipped: ${reason}`)
  if (reason) said.add(reason)
  return reason
}

function missing(mode: Mode): string | undefined {
  if (!existsSync(cachedBinary())) return `there is no ${cachedBinary()}, which \`npm test\` builds.`
  if (mode !== 'node') return undefined
  if (process.getuid?.() !== 0) return 'only root can start a node.'
  const programs = ['containerd', 'ctr', 'runc', 'ip', 'iptables', 'unshare', 'nsenter', 'busybox'].filter((program) => !find(program))
  const all = [...programs, ...(existsSync(`${plugins}/bridge`) ? [] : [`${plugins}/bridge`])]
  return all.length ? `missing on this machine: ${all.join(', ')}; \`npm test\` installs them.` : undefined
}
