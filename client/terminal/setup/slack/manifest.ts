/** Slack’s app, as its manifest describes it: the whole app from one text (docs.slack.dev/reference/app-manifest). */
import { yamlOf } from '../yaml.ts'

/** What Berth’s bot may: answer `/berth`, post cards, open the direct message for them, see there what it posted itself, and ask who somebody is. */
export const botScopes = ['commands', 'chat:write', 'im:write', 'im:history', 'users:read'] as const

interface Wish {
  readonly url: string
  readonly socket: boolean
}

/** In socket mode Slack calls no address, so the manifest has none. */
export const slackManifest = ({ url, socket }: Wish) => ({
  display_information: { name: 'Berth', description: 'Lends containers, for a time.' },
  features: {
    // Without the messages tab Slack refuses the bot’s direct messages, which the cards are.
    app_home: { home_tab_enabled: false, messages_tab_enabled: true, messages_tab_read_only_enabled: true },
    bot_user: { display_name: 'berth', always_online: true },
    slash_commands: [{
      command: '/berth',
      ...(!socket && { url: `${url}/chat/slack/command` }),
      description: 'Borrow a container, for a time',
      usage_hint: 'lend IMAGE --for 2h | list | help',
      // Lines hold addresses and `&`, as in --env, and no people or channels: they shall come as they were typed.
      should_escape: false,
    }],
  },
  oauth_config: { scopes: { bot: [...botScopes] } },
  settings: {
    interactivity: { is_enabled: true, ...(!socket && { request_url: `${url}/chat/slack/interact` }) },
    org_deploy_enabled: false,
    socket_mode_enabled: socket,
    token_rotation_enabled: false,
  },
})

export const manifestText = (wish: Wish): string => yamlOf(slackManifest(wish))
