/** What the tests of every set-up have in common: a folder for each, and how an outcome is looked at. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach } from 'vitest'
import { parse } from 'yaml'
import type { Finding } from '../../client/terminal/setup/check.ts'
import type { Outcome } from '../../client/terminal/setup/outcome.ts'
import { checkConfig } from '../../worker/config.ts'
import { closePeers } from './setup.peers.ts'

/** Made before each test of the file; removed behind it, when whatever the test talked to is closed. */
export function folderOfEach() {
  let folder = ''
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'berth-setup-'))
  })
  afterEach(async () => {
    await closePeers()
    rmSync(folder, { recursive: true, force: true })
  })
  return {
    get folder() { return folder },
    read: (name: string): string => readFileSync(join(folder, name), 'utf8').trim(),
    file(name: string, text: string, mode = 0o600): string {
      writeFileSync(join(folder, name), text, { mode })
      return join(folder, name)
    },
  }
}

export const seen = (outcome: Outcome) => ({
  ...outcome,
  of: (what: string): Finding | undefined => outcome.findings.find((finding) => finding.what === what),
  bad: outcome.findings.filter(({ is }) => is === 'bad' || is === 'away').map(({ what }) => what),
})

const roles = { instance: 'campus', roles: ['gateway'], state: 's', policy: 'p', keys: { payloads: 'a', env: 'b', tokens: 'c', chat: 'd' }, gateway: { port: 443 },
  directory: { url: 'ldaps://ldap.example', bindDn: 'b', bindPasswordFile: 'f', base: 'b', groupBase: 'g', canary: { uid: 'u', group: 'g' } } }

/** The section of an answer, as the roles take it. */
export const sectionOf = ({ config }: Outcome['answer']) => checkConfig({ ...roles, ...parse(config as string) as object }).chat
