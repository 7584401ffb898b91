/** Every program of a Kubernetes cluster in one: from this user's cache, or built from the Go module in `server/`. */
import { join } from 'node:path'
import { buildAsCommand, cached, goProgram, type Say } from '../../worker/embedded/goBuild.ts'

/** The version that go.mod builds. */
export const version = '1.36.3'

/** `$XDG_CACHE_HOME/berth/kubernetes-<version>/kube`. */
export const cachedBinary = (): string => cached(`kubernetes-${version}`, 'kube')

/** The program's path, built first if need be; `say` gets a line whenever there is progress. */
export function kubeBinary(say?: Say): Promise<string> {
  // Without these the server calls itself v0.0.0-master+$Format:%H$.
  const names = ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'].map((name) => `-X ${name}.gitVersion=v${version}`)
  return goProgram({
    what: 'Kubernetes of the tests', version, module: join(import.meta.dirname, 'server'), package: '.', target: cachedBinary(),
    flags: ['-trimpath', '-ldflags', `-s -w ${names.join(' ')}`], duration: 'about 4 minutes on 2 cores',
  }, say)
}

if (process.argv[1] === import.meta.filename) await buildAsCommand(kubeBinary)
