/** Role `core` from its configuration. */
import { readFileSync } from 'node:fs'
import { createChatSteps } from '../../activities/steps/chat.ts'
import { createDirectorySteps } from '../../activities/steps/directory.ts'
import { createNameSteps } from '../../activities/steps/names.ts'
import { createOpenLeases } from '../../activities/temporal.ts'
import { createBrakeSteps } from '../../activities/temporal/brake.ts'
import { createHostMemory } from '../../activities/temporal/hosts.ts'
import { createRetrySteps } from '../../activities/temporal/retry.ts'
import { startingOf } from '../../activities/temporal/starting.ts'
import { createSweepSteps } from '../../activities/temporal/sweep.ts'
import type { Marks } from '../../activities/mark.ts'
import { createMattermostChat } from '../../activities/mattermost/chat.ts'
import { createRfc2136Names } from '../../activities/rfc2136/names.ts'
import { createSlackChat } from '../../activities/slack/chat.ts'
import type { ChatSettings } from '../../client/gateway/chat/settings.ts'
import type { Platform } from '../../workflows/link/terms.ts'
import type { Chat, Names } from '../../workflows/ports.ts'
import { chatSealsOf, chatSettingsOf, directoryOf, marksOf, needed, policyOf } from '../adapters.ts'
import type { Config } from '../config.ts'
import { startCore } from '../core.ts'
import { readKeyring } from '../keys/keyring.ts'
import type { RunningRole, WorkerContext } from '../role.ts'
import { defaultSweep } from '../schedules.ts'

export async function wireCore(config: Config, context: WorkerContext): Promise<RunningRole> {
  const names = namesOf(config, marksOf(config)), chats = chatsOf(chatSettingsOf(config)), directory = directoryOf(config)
  const steps = {
    ...createDirectorySteps({ directory, policy: policyOf(config) }), ...createNameSteps({ names }), ...createOpenLeases(),
    ...createChatSteps({ chats, directory, seal: sealButtonsOf(config), startingOf }), ...createSweepSteps(), ...createBrakeSteps(), ...createHostMemory(), ...createRetrySteps(),
  }
  const role = await startCore(context, { steps, sweep: { ...defaultSweep, ...config.sweep } })
  return { done: role.done, stop: () => role.stop().finally(() => names.close()) }
}

export function namesOf(config: Config, marks: Marks): Names & { close(): Promise<void> } {
  const zones = Object.fromEntries(Object.entries(needed(config.names, 'names')).map(([zone, at]) => [zone, {
    server: { host: at.server, port: at.port },
    key: { name: at.keyName, algorithm: 'hmac-sha256' as const, secret: Buffer.from(readFileSync(at.keyFile, 'utf8').trim(), 'base64') },
  }]))
  return createRfc2136Names({ zones, marks })
}

/** Cards and messages go out through these. */
export function chatsOf(settings: ChatSettings | undefined): Partial<Record<Platform, Chat>> {
  return {
    ...(settings && settings.slack.length > 0 && { slack: createSlackChat({ tenants: settings.slack }) }),
    ...(settings && settings.mattermost.length > 0 && { mattermost: createMattermostChat({
      servers: settings.mattermost.map(({ name, url, botToken, mode }) => ({
        name, url, botToken, actionUrl: `${settings.url}/chat/mattermost/${name}/action`, ...(mode && { mode }),
      })),
    }) }),
  }
}

/** Only what shows buttons needs the key; without a chat there are none. */
const sealButtonsOf = ({ keys }: Config) => {
  const seals = keys.chat === undefined ? undefined : chatSealsOf(readKeyring(keys.chat))
  return (text: string): string => seals?.seal('button', text) ?? ''
}
