/**
 * What `npm pack` packs: the CLI and its library alone, types stripped (Node runs no `.ts` below node_modules), without
 * a dependency. Roles run from a checkout; a member who wants `berth` should not get Temporal's native worker with it.
 * npm packs the package.json that lies there, so a light one takes its place between prepack and postpack.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { dirname, join, relative, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '..')
const manifest = join(root, 'package.json'), kept = join(root, '.package.json.kept'), dist = join(root, 'dist')

/** Relative imports and exports of stripped code; what was only a type is gone by then. */
const imports = /^((?:import|export)\s+(?:[\w$*{},\s]+\sfrom\s+)?')([^']+)(')/gm

/** Strips a file and all that it imports; answers with the packages that they need. */
function strip(entry: string, done: Set<string>, packages: Set<string>): void {
  if (done.has(entry)) return
  done.add(entry)
  const code = stripTypeScriptTypes(readFileSync(entry, 'utf8'))
  const out = join(dist, relative(root, entry).replace(/\.ts$/, '.js'))
  mkdirSync(dirname(out), { recursive: true })
  writeFileSync(out, code.replace(imports, (_whole, before: string, from: string, after: string) => {
    if (from.startsWith('.')) strip(resolve(dirname(entry), from), done, packages)
    else if (!from.startsWith('node:')) packages.add(from.split('/').slice(0, from.startsWith('@') ? 2 : 1).join('/'))
    return `${before}${from.startsWith('.') ? from.replace(/\.ts$/, '.js') : from}${after}`
  }))
}

function prepare(): void {
  restore()
  const whole = JSON.parse(readFileSync(manifest, 'utf8')) as Record<string, unknown> & { dependencies?: Record<string, string> }
  const packages = new Set<string>(), done = new Set<string>()
  for (const entry of ['client/main.ts', 'client/berth.ts']) strip(join(root, entry), done, packages)
  const unknown = [...packages].filter((name) => whole.dependencies?.[name] === undefined)
  if (unknown.length > 0) throw new Error(`The CLI imports ${unknown.join(', ')}, which package.json does not list.`)
  const { name, version, description, license, type } = whole
  const light = {
    name, version, description, license, type,
    // Without types to strip, older ones do; machines still carry Node 20.
    engines: { node: '>=20' },
    bin: { berth: 'dist/client/main.js' }, exports: { '.': './dist/client/berth.js' }, files: ['dist', 'CHANGELOG.md'],
    dependencies: Object.fromEntries([...packages].map((one) => [one, whole.dependencies?.[one]])),
  }
  // The CLI reads its version beside its folder, here as in a checkout.
  writeFileSync(join(dist, 'package.json'), `${JSON.stringify({ version, type }, null, 2)}\n`)
  renameSync(manifest, kept)
  writeFileSync(manifest, `${JSON.stringify(light, null, 2)}\n`)
}

/** Also after a pack that was killed half-way. */
function restore(): void {
  if (existsSync(kept)) renameSync(kept, manifest)
  rmSync(dist, { recursive: true, force: true })
}

if (process.argv[2] === 'prepare') prepare()
else restore()
