/** Tiny images from the machine's static busybox, so that nothing is pulled. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { pack, type Pack } from 'tar-stream'
import { call } from './dockerd/api.ts'
import { find } from './find.ts'

/** A page on port 80. */
export const webImage = 'berth-demo/web:1'
/** A shell with busybox's commands. */
export const toolsImage = 'berth-demo/tools:1'

const applets = ['sh', 'ash', 'awk', 'cat', 'chmod', 'cut', 'date', 'dd', 'df', 'echo', 'env', 'false', 'find', 'free', 'grep', 'head',
  'hostname', 'httpd', 'id', 'ifconfig', 'ip', 'kill', 'ls', 'md5sum', 'mkdir', 'mount', 'mv', 'nc', 'netstat', 'nslookup', 'ping',
  'printf', 'ps', 'pwd', 'rm', 'route', 'sed', 'seq', 'sha256sum', 'sleep', 'sort', 'stty', 'tail', 'tar', 'telnet', 'test', 'top',
  'touch', 'tr', 'true', 'uname', 'vi', 'wc', 'wget', 'which', 'yes']

/** What an image adds to the root that all share. */
export interface Recipe {
  readonly command: readonly string[]
  readonly ports?: readonly number[]
  readonly env?: Readonly<Record<string, string>>
}

export const recipes: Readonly<Record<string, Recipe>> = {
  [webImage]: { ports: [80], command: ['/bin/httpd', '-f', '-p', '80', '-h', '/www'] },
  [toolsImage]: { env: { PATH: '/bin' }, command: ['/bin/sh'] },
}

const dockerfile = ({ ports = [], env = {}, command }: Recipe): string => [
  'FROM scratch', 'ADD root.tar /', ...ports.map((port) => `EXPOSE ${port}`),
  ...Object.entries(env).map(([name, value]) => `ENV ${name}=${value}`), `CMD ${JSON.stringify(command)}`, '',
].join('\n')

/** Builds both on this engine, unless they are there. */
export async function buildImages(socketPath: string): Promise<void> {
  const missing = []
  for (const name of Object.keys(recipes)) {
    const { status } = await call(socketPath, 'GET', `/images/${name}/json`)
    if (status === 404) missing.push(name)
  }
  if (!missing.length) return
  const root = await rootTar()
  for (const name of missing) await build(socketPath, { name, recipe: recipes[name]!, root })
}

async function build(socketPath: string, image: { name: string; recipe: Recipe; root: Buffer }): Promise<void> {
  const context = pack()
  context.entry({ name: 'Dockerfile' }, dockerfile(image.recipe))
  context.entry({ name: 'root.tar' }, image.root)
  context.finalize()
  const { status, body } = await call(socketPath, 'POST', `/build?t=${encodeURIComponent(image.name)}`, await bytes(context), 120_000)
  // The engine answers 200 before it builds; a failure is a line of the log.
  if (status !== 200 || !body.includes('Successfully tagged')) throw new Error(`The image ${image.name} could not be built: ${body.slice(-500)}`)
}

/** The file system of both: busybox, its names, a page. */
export async function rootTar(): Promise<Buffer> {
  const tar = pack()
  tar.entry({ name: 'bin/busybox', mode: 0o755 }, await readFile(busybox()))
  for (const applet of applets) tar.entry({ name: `bin/${applet}`, type: 'symlink', linkname: 'busybox' })
  for (const folder of ['tmp', 'proc', 'dev', 'sys']) tar.entry({ name: folder, type: 'directory', mode: folder === 'tmp' ? 0o1777 : 0o755 })
  tar.entry({ name: 'etc/passwd' }, 'root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n')
  tar.entry({ name: 'www/index.html' }, '<!doctype html><title>Berth</title><p>Hello from Berth</p>\n')
  tar.finalize()
  return bytes(tar)
}

export async function bytes(tar: Pack): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of tar) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

/** Debian's busybox-static; a shared one would not run on an empty file system. */
function busybox(): string {
  const path = existsSync('/bin/busybox') ? '/bin/busybox' : find('busybox')
  if (!path) throw new Error('busybox is missing. Install it with: apt-get install busybox-static')
  return path
}
