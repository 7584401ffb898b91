// What Berth wants of the machine besides npm's packages. Plain JavaScript for Node 20: it runs before Node 24 is there.
import { spawn } from 'node:child_process'
import { accessSync, chmodSync, constants, existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

const policyFile = '/usr/sbin/policy-rc.d'

/** Program (by name, or by path where it is on no PATH) → Debian package, and the services that the package would start. */
const wanted = [
  { program: 'dockerd', from: 'docker.io', services: ['docker.service', 'docker.socket', 'containerd.service'] },
  { program: 'iptables', from: 'iptables' },
  { program: 'ip', from: 'iproute2' },
  { program: 'busybox', from: 'busybox-static' },
  { program: 'knotd', from: 'knot', services: ['knot.service'] },
  { program: 'kdig', from: 'knot-dnsutils' },
  { program: 'slapd', from: 'slapd', services: ['slapd.service'] },
  { program: 'ldapmodify', from: 'ldap-utils' },
  { program: 'openssl', from: 'openssl' },
  { program: 'curl', from: 'curl' },
  { program: 'named', from: 'bind9', services: ['named.service'], testOnly: true },
  { program: 'nsupdate', from: 'bind9-dnsutils', testOnly: true },
  { program: 'zsh', from: 'zsh', testOnly: true },
  { program: 'fish', from: 'fish', testOnly: true },
  { program: 'chromium', from: 'chromium', testOnly: true },
  // For the tests' Kubernetes node. docker.io brings the first two, but not where an engine runs already.
  { program: 'containerd', from: 'containerd', services: ['containerd.service'], testOnly: true },
  { program: 'runc', from: 'runc', testOnly: true },
  { program: '/usr/lib/cni/bridge', from: 'containernetworking-plugins', testOnly: true },
]

/**
 * Installs what is missing on Debian and Ubuntu as root; elsewhere names it.
 * @param {'demo' | 'test'} purpose
 * @param {{ install: boolean, say: (line: string) => void }} how
 * @returns {Promise<string[]>} the packages that are still missing
 */
export async function providePackages(purpose, { install, say }) {
  const missing = missingFor(purpose)
  if (!missing.length) return []
  const names = missing.map(({ from }) => from)
  const command = `apt-get install --no-install-recommends ${names.join(' ')}`
  const canInstall = isDebian() && process.getuid?.() === 0
  if (!install || !canInstall) {
    say(`Missing on this machine: ${missing.map(({ program, from }) => `${program} (Debian package ${from})`).join(', ')}.`)
    say(isDebian() ? `They come with: ${canInstall ? '' : 'sudo '}${command}` : 'Install them with the package manager of this machine.')
    return names
  }
  say(`Installing Debian packages: ${names.join(' ')}. Their services are neither started nor enabled.`)
  await withServicesHeldBack(() => apt(names, say))
  for (const { services = [] } of missing) for (const service of services) await run('systemctl', ['disable', service]).catch(() => {})
  return missingFor(purpose).map(({ from }) => from)
}

/** A Docker engine that runs already needs no dockerd of ours. */
function missingFor(purpose) {
  const engineRuns = Boolean(process.env.DOCKER_HOST) || existsSync('/var/run/docker.sock')
  return wanted.filter(({ program, testOnly }) => (
    !isThere(program) && !(testOnly && purpose === 'demo') && !(program === 'dockerd' && engineRuns)))
}

function isThere(program) {
  const folders = isAbsolute(program) ? [''] : [...(process.env.PATH ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin', '/bin']
  return folders.some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

function isDebian() {
  const release = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : ''
  return /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(release) && isThere('apt-get')
}

/** Debian asks this file before it starts a service; 101 means no. What was there comes back, also after a failure. */
async function withServicesHeldBack(act) {
  const before = existsSync(policyFile) ? readFileSync(policyFile, 'utf8') : undefined
  const hold = () => {}
  // Ctrl-C goes to apt as well; we stay to put the file back.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, hold)
  try {
    writeFileSync(policyFile, '#!/bin/sh\nexit 101\n')
    chmodSync(policyFile, 0o755)
    await act()
  } finally {
    if (before === undefined) rmSync(policyFile, { force: true })
    else writeFileSync(policyFile, before)
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.off(signal, hold)
  }
}

async function apt(names, say) {
  const install = ['install', '-y', '--no-install-recommends', ...names]
  const lists = '/var/lib/apt/lists'
  const hasLists = existsSync(lists) && readdirSync(lists).some((file) => file.endsWith('_Packages') || file.includes('_Packages.'))
  if (!hasLists) await patiently(['update'], say)
  try {
    await patiently(install, say)
  } catch (error) {
    if (!hasLists) throw error
    // Lists that are too old name files that are gone.
    await patiently(['update'], say)
    await patiently(install, say)
  }
}

/** Another apt may hold the lock for a while. */
async function patiently(args, say) {
  for (let tries = 0; ; tries++) {
    try {
      await run('apt-get', ['-q', '-o', 'DPkg::Lock::Timeout=120', ...args])
      return
    } catch (error) {
      if (!/Could not get lock|Unable to (acquire|lock)/.test(error.message) || tries >= 24) throw error
      if (tries === 0) say('Another apt is at work; waiting for it.')
      await pause(5_000)
    }
  }
}

function run(command, args) {
  return new Promise((done, fail) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } })
    let tail = ''
    const take = (chunk) => { tail = (tail + chunk).slice(-3_000) }
    child.stdout.setEncoding('utf8').on('data', (chunk) => {
      take(chunk)
      for (const [line] of chunk.matchAll(/^(Get:|Setting up |Fetched ).*$/gm)) console.log(`  ${line}`)
    })
    child.stderr.setEncoding('utf8').on('data', take)
    child.on('error', fail)
    child.on('close', (code) => code === 0 ? done() : fail(new Error(`${command} ${args.join(' ')} failed:\n${tail.trim()}`)))
  })
}
