/** From the configuration to what several roles need. What one role alone needs is made where that role is wired, so that nobody else loads it. */
import { readFileSync } from 'node:fs'
import { createLdapDirectory } from '../activities/ldap/directory.ts'
import { createMarks, type Marks } from '../activities/mark.ts'
import { createPolicy, type Policy } from '../activities/policy/policy.ts'
import type { ChatSettings } from '../client/gateway/chat/settings.ts'
import type { ChatSeals, Seals } from '../client/gateway/seals.ts'
import type { SealKind } from '../workflows/link/terms.ts'
import type { Access, Directory } from '../workflows/ports.ts'
import type { Config } from './config.ts'
import { openText, sealText } from './keys/box.ts'
import { currentKey, type Keyring, readKeyring } from './keys/keyring.ts'
import { createReader, sealTo } from './keys/letter.ts'
import { say } from './log.ts'

/** A part that the roles of this process need, as `checkConfig` has made sure. */
export function needed<T>(part: T | undefined, what: string): T {
  if (part === undefined) throw new Error(`The configuration has no ${what}.`)
  return part
}

export const marksOf = (config: Config): Marks =>
  createMarks({ instance: config.instance, secret: currentKey(readKeyring(needed(config.keys.marks, 'keys.marks'))) })

export function directoryOf(config: Config): Directory {
  const { ca, ...directory } = needed(config.directory, 'directory')
  return createLdapDirectory({ ...directory, ...(ca !== undefined && { tls: { ca } }) })
}

export function policyOf(config: Config): Policy {
  return createPolicy({
    file: needed(config.policy, 'policy'), stateDir: config.state,
    report: (sentence) => say('warn', sentence),
  })
}

const envBound = (key: string) => `berth/env ${key}`

/** The host role alone opens env values. */
export const openEnvWith = (ring: Keyring) => (sealed: string, key: string): Record<string, string> => {
  const text = openText(ring, sealed, envBound(key))
  if (text === undefined) throw new Error('The env values of this lease do not open: is the key file of host and gateway the same?')
  return JSON.parse(text) as Record<string, string>
}

const reachBound = (key: string) => `berth/reach ${key}`

/** For the one request that asked, and for its lease. */
export const sealAccess = (to: string, access: Access, key: string): string => sealTo(to, JSON.stringify(access), reachBound(key))

/** Tokens have a key of their own; env values only go in here. */
export function sealsOf(tokens: Keyring, env: Keyring): Seals {
  return {
    sealToken: (text) => sealText(tokens, text, 'berth/token'),
    openToken: (sealed) => openText(tokens, sealed, 'berth/token'),
    sealEnv: (values, key) => sealText(env, JSON.stringify(values), envBound(key)),
    readAccess() {
      const reader = createReader()
      return { key: reader.key, open(sealed, key) {
        const text = reader.open(sealed, reachBound(key))
        return text === undefined ? undefined : JSON.parse(text) as Access
      } }
    },
  }
}

const chatBound = (kind: SealKind) => `berth/chat/${kind}`

/** A kind opens only as that kind: a button is no form and no link page. */
export const chatSealsOf = (ring: Keyring): ChatSeals => ({
  seal: (kind, text) => sealText(ring, text, chatBound(kind)),
  open: (kind, sealed) => openText(ring, sealed, chatBound(kind)),
})

/** What the gateway is told of the chats; absent when there are none. */
export function chatSettingsOf({ chat }: Config): ChatSettings | undefined {
  return chat && {
    url: chat.url,
    slack: chat.slack.map(({ team, botTokenFile, signingSecretFile, appTokenFile, mode, domains, api }) => ({
      team, botToken: secretIn(botTokenFile), ...(signingSecretFile !== undefined && { signingSecret: secretIn(signingSecretFile) }),
      ...(appTokenFile !== undefined && { appToken: secretIn(appTokenFile) }), ...(mode && { mode }), ...(domains && { domains }), ...(api !== undefined && { api }),
    })),
    mattermost: chat.mattermost.map(({ name, url, botTokenFile, commandTokenFiles, mode }) => ({
      name, url, ...(mode && { mode }), botToken: secretIn(botTokenFile),
      commandTokens: Object.fromEntries(Object.entries(commandTokenFiles).map(([team, file]) => [team, secretIn(file)])),
    })),
  }
}

const secretIn = (file: string): string => readFileSync(file, 'utf8').trim()
