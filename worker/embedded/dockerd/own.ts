/** A Docker engine of our own: own socket, folders, bridge and containerd names, so that it touches no other engine. */
import { execFileSync, spawn } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { need } from '../find.ts'
import { addressIn, freeSubnet } from '../subnet.ts'
import { answersPing, call } from './api.ts'
import { putBack, readFirewall } from './firewall.ts'
import { partsOf, readForward, type Trace } from './leftovers.ts'

/** Makes folder and bridge for an engine; nothing runs yet. The path is short, for a socket's path ends at 107 bytes. */
export function layOut(): Trace {
  const dir = mkdtempSync(join(tmpdir(), 'berth-engine-'))
  const bridge = `berth${dir.slice(-6)}`
  const block = freeSubnet(16)
  const trace: Trace = { dir, bridge, network: block, firewall: readFirewall(), forward: readForward() }
  const ip = need('ip', 'iproute2')
  execFileSync(ip, ['link', 'add', bridge, 'type', 'bridge'])
  execFileSync(ip, ['addr', 'add', `${addressIn(block, 1)}/20`, 'dev', bridge])
  execFileSync(ip, ['link', 'set', bridge, 'up'])
  shareMounts(join(dir, 'data'))
  // A file of our own, for the machine's may set what we set.
  writeFileSync(join(dir, 'daemon.json'), '{}')
  return trace
}

/**
 * On a root that shares no mounts (no systemd) an engine binds its folder onto itself and takes that away when it shuts
 * down. A container that starts in that moment is mounted beneath the next bind, where no engine can ever unmount it (seen on
 * 20.10: "failed to remove root filesystem: … device or resource busy"). A folder that is shared already is left alone.
 */
function shareMounts(folder: string): void {
  mkdirSync(folder, { mode: 0o710 })
  const mount = need('mount', 'mount')
  execFileSync(mount, ['--bind', folder, folder])
  execFileSync(mount, ['--make-shared', folder])
}

export const socketOf = (trace: Trace): string => join(trace.dir, 'docker.sock')

/** Starts the engine on its folder (again) and returns its pid once it answers. It does not die with this process. */
export async function startDockerd(trace: Trace): Promise<number> {
  const { dir, bridge, network } = trace
  const name = `berth-${dir.slice(-6)}`
  const socketPath = socketOf(trace), before = readFirewall()
  const log = openSync(join(dir, 'dockerd.log'), 'a', 0o600)
  mkdirSync(join(dir, 'exec'), { recursive: true })
  forgetDead(join(dir, 'docker.pid'), 'dockerd')
  forgetDead(join(dir, 'exec/containerd/containerd.pid'), 'containerd')
  const child = spawn(need('dockerd', 'docker.io'), [
    '--config-file', join(dir, 'daemon.json'), '--host', `unix://${socketPath}`, '--pidfile', join(dir, 'docker.pid'),
    '--data-root', join(dir, 'data'), '--exec-root', join(dir, 'exec'), '--bridge', bridge,
    '--default-address-pool', `base=${addressIn(network, 2 ** 15)}/17,size=28`,
    '--containerd-namespace', name, '--containerd-plugins-namespace', `${name}-plugins`, '--log-level', 'warn',
  ], { detached: true, stdio: ['ignore', log, log], env: withoutDocker() })
  closeSync(log)
  child.unref()
  let ended: unknown
  child.once('error', (error) => { ended = error }).once('exit', () => { ended ??= new Error('it ended') })
  for (const deadline = Date.now() + 60_000; ; await pause(50)) {
    if (!ended && await answersPing(socketPath)) {
      putBack(before, partsOf(trace))
      return child.pid!
    }
    if (!ended && Date.now() < deadline) continue
    if (!ended) await endDockerd(child.pid!)
    throw new Error(`The Docker engine did not start (its own service can be used instead: service docker start):\n${lastWords(join(dir, 'dockerd.log'))}`)
  }
}

/** A panic says what it is before its long trace. */
function lastWords(log: string): string {
  const lines = readFileSync(log, 'utf8').trimEnd().split('\n'), panic = lines.findLastIndex((line) => /^(panic|fatal error):/.test(line))
  return (panic < 0 ? lines.slice(-6) : lines.slice(panic, panic + 6)).join('\n')
}

/** The engine takes a pid that nobody has reaped yet for a living process, and then waits for it in vain. */
function forgetDead(pidFile: string, program: string): void {
  if (existsSync(pidFile) && !isRunning(Number(readFileSync(pidFile, 'utf8')), program)) rmSync(pidFile)
}

function withoutDocker(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(DOCKER|CONTAINERD)_/.test(name)))
}

/** Removes what runs on it while it still lives: so it ends at once, and takes its rules and bridges along. */
export async function emptyEngine(socketPath: string): Promise<void> {
  const list = async <T>(path: string) => JSON.parse((await call(socketPath, 'GET', path)).body) as T[]
  const remove = (path: string) => call(socketPath, 'DELETE', path)
  const containers = await list<{ Id: string }>('/containers/json?all=1')
  await Promise.all(containers.map(({ Id }) => remove(`/containers/${Id}?force=1&v=1`)))
  const networks = await list<{ Id: string; Name: string }>('/networks')
  await Promise.all(networks.filter(({ Name }) => !['bridge', 'host', 'none'].includes(Name)).map(({ Id }) => remove(`/networks/${Id}`)))
}

/** SIGTERM, then SIGKILL after 20 s; returns when it is gone. */
export async function endDockerd(pid: number, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  send(pid, signal)
  send(pid, 'SIGCONT')
  for (const deadline = Date.now() + 20_000; isRunning(pid); await pause(50)) {
    if (Date.now() > deadline) send(-pid, 'SIGKILL')
  }
}

/** Whether this pid is a living engine of ours, and not another process that got the number. */
export function isRunning(pid: number, program = 'dockerd'): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.includes(`(${program})`) && !/\) Z /.test(stat)
  } catch {
    return false
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It is gone already.
  }
}
