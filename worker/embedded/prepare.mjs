// The set-up of a fresh machine, then the command that follows, under Node 24. Plain JavaScript for Node 20 without any
// package, for that is what a fresh machine has: node worker/embedded/prepare.mjs demo|test COMMAND [ARGUMENT]…
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { providePackages } from './debian.mjs'

const root = join(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '../..')
const bin = join(root, 'node_modules/.bin')
const say = (line) => console.error(line)
const server = 'worker/embedded/temporal/binary.ts'
const programs = { demo: [server], test: [server, 'test/kubernetes/binary.ts'] }

const [purpose, ...rest] = process.argv.slice(2)
const install = !rest.includes('--no-install')
const [command, ...args] = rest.filter((word) => word !== '--no-install')

try {
  process.exitCode = await main()
} catch (error) {
  say(error.message)
  process.exitCode = 1
}

async function main() {
  if (purpose !== 'demo' && purpose !== 'test') throw new Error('Usage: prepare.mjs demo|test COMMAND [ARGUMENT]…')
  const missing = await providePackages(purpose, { install, say })
  if (!install) return 0
  if (missing.length && process.env.CI === 'true') throw new Error('CI=true: a missing component is a failure.')
  if (!isInstalled()) await installPackages()
  const env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH ?? ''}` }
  if (!command) return 0
  // Each builds a program if there is none yet, and is quick otherwise.
  for (const program of programs[purpose]) {
    const code = await run(join(bin, 'node'), [join(root, program)], env)
    if (code) return code
  }
  return run(command, args, env)
}

/** Whether node_modules holds what the lock file says, and a Node that runs. Times tell nothing: npm writes both. */
function isInstalled() {
  const hidden = join(root, 'node_modules/.package-lock.json')
  if (!existsSync(hidden) || spawnSync(join(bin, 'node'), ['--version']).status !== 0) return false
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages
  const have = JSON.parse(readFileSync(hidden, 'utf8')).packages
  return Object.entries(lock).every(([path, { version, optional, devOptional, peer }]) => (
    path === '' || (have[path] ? have[path].version === version : Boolean(optional || devOptional || peer))))
}

async function installPackages() {
  say('Installing npm packages from the lock file, with Node 24 among them: about a minute.')
  const code = await run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error', '--progress'], process.env)
  if (code !== 0) throw new Error('npm ci failed; its lines above say why.')
  // An npm that runs no install scripts leaves the Node package without its program.
  if (spawnSync(join(bin, 'node'), ['--version']).status === 0) return
  const again = spawnSync('npm', ['rebuild', 'node', '--allow-scripts=node'], { cwd: root, stdio: 'inherit' }).status
  if (again !== 0 || spawnSync(join(bin, 'node'), ['--version']).status !== 0) {
    throw new Error('Node 24 could not be installed by npm (package `node`): allow its install script, npm install-scripts approve node.')
  }
}

/** Runs it in our terminal; Ctrl-C reaches it by itself, and we wait for its clean-up. */
function run(program, words, env) {
  return new Promise((done, fail) => {
    const child = spawn(program, words, { cwd: root, env, stdio: 'inherit' })
    const pass = (signal) => { if (signal !== 'SIGINT') child.kill(signal) }
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, pass)
    child.on('error', fail)
    child.on('exit', (code, signal) => {
      for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.off(name, pass)
      done(code ?? (signal === 'SIGINT' ? 130 : 1))
    })
  })
}
