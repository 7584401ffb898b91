/** The configuration of a demo or a journey test: fresh keys in a folder, and the file that a real role would read. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Tree } from '../embedded/people.ts'
import { makeKeyFile } from '../keys/keyring.ts'

export interface Surroundings {
  /** Takes keys and passwords; must exist. */
  readonly dir: string
  readonly instance: string
  readonly roles: readonly ('core' | 'host' | 'gateway')[]
  readonly policy: string
  readonly directory: Pick<Tree, 'bindDn' | 'bindPassword' | 'peopleBase' | 'groupsBase' | 'canary'> & { readonly url: string }
  readonly nameserver: { readonly address: string; readonly port: number }
  readonly zones: readonly string[]
  /** TSIG: the secret in base64. */
  readonly updateKey: { readonly name: string; readonly secret: string }
  readonly host: {
    readonly name: string
    readonly site: string
    readonly socket: string
    readonly ports: readonly [number, number]
    readonly range: string
    readonly wall: 'iptables' | 'none'
    readonly probeMs?: number
  }
  readonly gatewayPort: number
  readonly codecEndpoint?: { readonly port: number; readonly origin: string }
  readonly chat?: ChatSurroundings
}

/** Chats that call the gateway and are called by it, with their secrets. */
export interface ChatSurroundings {
  readonly slack?: readonly { readonly team: string; readonly botToken: string; readonly signingSecret?: string; readonly appToken?: string; readonly api: string }[]
  readonly mattermost?: readonly { readonly name: string; readonly url: string; readonly botToken: string; readonly commandTokens: Readonly<Record<string, string>> }[]
}

/** Writes what the configuration names, all with mode 600, and answers with what its YAML file holds. */
export function makeConfiguration(around: Surroundings) {
  const { dir, instance, roles, policy, directory, nameserver, zones, updateKey, host, gatewayPort, codecEndpoint, chat } = around
  const file = (name: string, text: string) => {
    writeFileSync(join(dir, name), text, { mode: 0o600 })
    return join(dir, name)
  }
  const key = (name: string) => {
    makeKeyFile(join(dir, name))
    return join(dir, name)
  }
  const keyFile = file('update.key', updateKey.secret)
  return {
    instance, roles, policy, state: join(dir, 'state'),
    keys: { payloads: key('payloads.json'), marks: key('marks.json'), env: key('env.json'), tokens: key('tokens.json'), ...(chat && { chat: key('chat.json') }) },
    directory: {
      url: directory.url, bindDn: directory.bindDn, bindPasswordFile: file('bind.password', directory.bindPassword),
      base: directory.peopleBase, groupBase: directory.groupsBase, canary: { uid: directory.canary.uid, group: directory.canary.group },
    },
    names: Object.fromEntries(zones.map((zone) => [zone, {
      server: nameserver.address, port: nameserver.port, keyName: updateKey.name, keyFile,
    }])),
    host: { ...host, address: '127.0.0.1', slots: 50 },
    gateway: { address: '127.0.0.1', port: gatewayPort },
    ...(chat && { chat: chatSection(chat, { url: `http://127.0.0.1:${gatewayPort}`, file }) }),
    ...(codecEndpoint && { codecEndpoint: { address: '127.0.0.1', ...codecEndpoint } }),
  }
}

type Write = (name: string, text: string) => string

function chatSection({ slack = [], mattermost = [] }: ChatSurroundings, { url, file }: { readonly url: string; readonly file: Write }) {
  return {
    url,
    slack: slack.map(({ team, api, botToken, signingSecret, appToken }) => ({
      team, api, botTokenFile: file(`slack-${team}.bot`, botToken),
      ...(signingSecret !== undefined && { signingSecretFile: file(`slack-${team}.secret`, signingSecret) }),
      ...(appToken !== undefined && { appTokenFile: file(`slack-${team}.app`, appToken) }),
    })),
    mattermost: mattermost.map(({ name, url: server, botToken, commandTokens }) => ({
      name, url: server, botTokenFile: file(`mattermost-${name}.bot`, botToken),
      commandTokenFiles: Object.fromEntries(Object.entries(commandTokens).map(([team, token]) => [team, file(`mattermost-${name}-${team}`, token)])),
    })),
  }
}
