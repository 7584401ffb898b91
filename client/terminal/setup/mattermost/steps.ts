/** What an admin does in Mattermost before the API can do the rest. */
import { chatSection, keyStep } from '../section.ts'

interface Wish {
  readonly server: string
  readonly url: string
  readonly name: string
  readonly team: string
}

export const mattermostFiles = ({ name, team }: Pick<Wish, 'name' | 'team'>) => ({
  botTokenFile: `mattermost-${name}-bot-token`, commandTokenFile: `mattermost-${name}-${team}-command-token`,
})

export const mattermostSection = (url: string, { name, server, botTokenFile, commandTokenFiles }: {
  readonly name: string; readonly server: string; readonly botTokenFile: string; readonly commandTokenFiles: Readonly<Record<string, string>>
}): string => chatSection(url, { mattermost: [{ name, url: server, botTokenFile, commandTokenFiles }] })

export const mattermostSteps = ({ server, url, name, team }: Wish): readonly string[] => [
  `As a system admin at ${server}: System Console → Integrations → Integration Management: “Enable Custom Slash Commands” and “Enable Personal Access Tokens” on; Integrations → Bot Accounts: “Enable Bot Account Creation” on.`,
  'If the gateway has a private address: System Console → Environment → Developer → “Allow untrusted internal connections to” must list its host name.',
  'Your picture → Profile → Security → Personal Access Tokens → “Create Token”; copy it into a file of yours alone: (umask 077; cat > mattermost-admin-token), paste, Enter, Ctrl-D.',
  keyStep,
  `Run berth gateway setup mattermost --server ${server} --url ${url} --name ${name} --team ${team} --token-file mattermost-admin-token: it makes the bot, its token and the slash command, and prints the section for Berth’s configuration.`,
  'Put that section into the configuration of the roles core and gateway, the two files beside it, and restart these roles.',
  'Run the same again: it changes nothing, and now the round trip works too. Then revoke your own token and remove its file.',
]
