/** What an admin clicks in Slack, in order. */
import { manifestText } from './manifest.ts'
import { chatSection, keyStep, sayInOrder, saySection } from '../section.ts'

interface Wish {
  readonly url: string
  readonly socket: boolean
  readonly api?: string | undefined
}

/** The names that the steps propose; any other does. */
export const slackFiles = { botTokenFile: 'slack-bot-token', signingSecretFile: 'slack-signing-secret', appTokenFile: 'slack-app-token' } as const

export interface Tenant {
  readonly team: string
  readonly botTokenFile: string
  readonly signingSecretFile?: string | undefined
  readonly appTokenFile?: string | undefined
  readonly api?: string | undefined
}

export const slackSection = (url: string, { team, botTokenFile, signingSecretFile, appTokenFile, api }: Tenant): string =>
  chatSection(url, { slack: [{ team, botTokenFile, signingSecretFile, appTokenFile, api }] })

export interface Steps {
  readonly steps: readonly string[]
  readonly manifest: string
  readonly config: string
}

export function slackSteps({ url, socket, api }: Wish): Steps {
  const second = socket
    ? { flag: '--app-token-file', file: slackFiles.appTokenFile, click: 'Basic Information → App-Level Tokens → “Generate Token and Scopes”: name it berth, add the scope connections:write, and copy the token (xapp-…)' }
    : { flag: '--signing-secret-file', file: slackFiles.signingSecretFile, click: 'Basic Information → App Credentials → “Signing Secret” → Show, and copy it' }
  const check = `berth gateway setup slack --url ${url}${socket ? ' --socket' : ''}${api === undefined ? '' : ` --api ${api}`} --bot-token-file ${slackFiles.botTokenFile} ${second.flag} ${second.file}`
  const { botTokenFile, signingSecretFile, appTokenFile } = slackFiles
  return {
    steps: [
      'Open https://api.slack.com/apps → “Create New App” → “From a manifest”, choose your workspace, the tab YAML, put the manifest below in place of what is there, then “Next” and “Create”.',
      `Install App → “Install to …” → “Allow”; copy the “Bot User OAuth Token” (xoxb-…) into a file of yours alone: (umask 077; cat > ${botTokenFile}), paste, Enter, Ctrl-D.`,
      `${second.click} into another: (umask 077; cat > ${second.file}).`,
      keyStep,
      `Run ${check}: it checks both, and prints the section for Berth’s configuration with your team’s id in place of T0000000000.`,
      'Put that section into the configuration of the roles core and gateway, the files beside it, and restart these roles.',
      `Run the same again: now the round trip works too. Then type /berth help in Slack.`,
    ],
    manifest: manifestText({ url, socket }),
    config: slackSection(url, { team: 'T0000000000', botTokenFile, ...(socket ? { appTokenFile } : { signingSecretFile }), api }),
  }
}

export const saySteps = ({ steps, manifest, config }: Steps): string => [
  ...sayInOrder(steps),
  '', 'The manifest (should_escape is false, so that addresses and & in a line come as they were typed):', '', manifest.trimEnd(),
  ...saySection(config),
].join('\n')
