import { expect, test } from 'vitest'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

interface Listed {
  readonly version?: string
  readonly dependencies?: Readonly<Record<string, Listed>>
}

/** Where each protobufjs lies and who asks for it, as `npm ls` says. */
function protobufs(): { readonly by: string; readonly version: string }[] {
  // npm itself may run on the machine's older Node, and then only warns.
  const listed = JSON.parse(execFileSync('npm', ['ls', 'protobufjs', '--all', '--json'], {
    encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'],
  })) as Listed
  const found: { by: string; version: string }[] = []
  const walk = (by: string, { dependencies = {} }: Listed): void => {
    for (const [name, it] of Object.entries(dependencies)) {
      if (name === 'protobufjs') found.push({ by, version: it.version! })
      else walk(name, it)
    }
  }
  walk('berth', listed)
  return found
}

test('one protobufjs 8 lies at the root, for Berth and every Temporal package; a second copy breaks replay', () => {
  const found = protobufs()
  const eight = found.filter(({ version }) => version.startsWith('8.'))
  expect(new Set(eight.map(({ version }) => version)).size).toBe(1)
  for (const by of ['berth', '@temporalio/common', '@temporalio/proto', '@temporalio/worker']) {
    expect(found.filter((one) => one.by === by).map(({ version }) => version), by).not.toEqual([])
    expect(found.filter((one) => one.by === by && !version8(one.version)), by).toEqual([])
  }
  const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as { packages: Record<string, { version?: string }> }
  const copies = Object.entries(lock.packages).filter(([path, { version }]) => path.endsWith('/protobufjs') && version8(version ?? ''))
  expect(copies.map(([path]) => path)).toEqual(['node_modules/protobufjs'])
})

test('all Temporal packages have the same version, exactly', () => {
  const { dependencies, devDependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as Record<string, Record<string, string>>
  const temporal = Object.entries({ ...dependencies, ...devDependencies }).filter(([name]) => name.startsWith('@temporalio/'))
  expect(temporal.length).toBeGreaterThan(5)
  expect(new Set(temporal.map(([, version]) => version))).toEqual(new Set([dependencies!['@temporalio/client']]))
  expect(temporal[0]![1]).toMatch(/^\d+\.\d+\.\d+$/)
})

test('the lock file and the registry settings name no host of anybody’s machine', () => {
  const lock = readFileSync('package-lock.json', 'utf8')
  const hosts = [...lock.matchAll(/"resolved": "https?:\/\/([^/"]+)/g)].map((match) => match[1])
  expect(hosts.filter((host) => host !== 'registry.npmjs.org')).toEqual([])
})

const version8 = (version: string) => version.startsWith('8.')
