import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, expect, test } from 'vitest'

const folder = mkdtempSync(join(tmpdir(), 'berth-pack-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('the package installs elsewhere without a registry, and berth runs from it', () => {
  // Packed from a copy: packing puts another package.json in place for a moment, and others read this one.
  const source = join(folder, 'source'), elsewhere = join(folder, 'elsewhere')
  for (const one of ['client', 'workflows', 'package.json', 'CHANGELOG.md', 'LICENSE']) cpSync(one, join(source, one), { recursive: true })
  mkdirSync(elsewhere)
  writeFileSync(join(elsewhere, 'package.json'), '{"private":true}')
  const env = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}` }
  const npm = (cwd: string, ...words: string[]) => execFileSync('npm', [...words, '--no-audit', '--no-fund', '--loglevel=error'], { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  npm(source, 'pack', '--pack-destination', folder)

  expect(readFileSync(join(source, 'package.json'), 'utf8')).toBe(readFileSync('package.json', 'utf8'))
  expect(existsSync(join(source, 'dist'))).toBe(false)
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? ''
  npm(elsewhere, 'install', '--offline', '--ignore-scripts', join(folder, tarball))
  expect(readdirSync(join(elsewhere, 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual(['berth'])
  const help = execFileSync(join(elsewhere, 'node_modules/.bin/berth'), ['help'], { cwd: elsewhere, env, encoding: 'utf8' })
  expect(help).toBe(readFileSync('test/client/snapshots/help.txt', 'utf8'))
})
