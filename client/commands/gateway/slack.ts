import { defineCommand, flag, needed, toggle } from '../command.ts'
import { word } from '../values.ts'

/** No argument holds a secret: what stands in an argv, every user of the machine can read. */
export const setupSlack = defineCommand({
  name: 'gateway setup slack',
  summary: 'Sets Slack up: prints what to click and the app’s manifest; with the files of its secrets, checks them and a round trip.',
  who: 'anyone',
  where: 'terminal',
  arguments: {
    url: needed(word('URL', 'https://berth.example.org'), 'How Slack and members’ browsers reach the gateway.'),
    socket: toggle('Requests come over a socket that Berth opens, so that Slack needs no way to the gateway.'),
    'bot-token-file': flag(word('FILE', 'slack-bot-token'), 'Holds the “Bot User OAuth Token”, xoxb-…; mode 600.'),
    'signing-secret-file': flag(word('FILE', 'slack-signing-secret'), 'Holds the “Signing Secret”; without --socket.'),
    'app-token-file': flag(word('FILE', 'slack-app-token'), 'Holds the “App-Level Token”, xapp-…; with --socket.'),
    api: flag(word('URL', 'https://slack.com/api'), 'Slack’s Web API, where it is another one: https://slack-gov.com/api.'),
  },
  examples: [
    'gateway setup slack --url https://berth.example.org',
    'gateway setup slack --url https://berth.example.org --bot-token-file slack-bot-token --signing-secret-file slack-signing-secret',
    'gateway setup slack --url https://berth.example.org --socket --bot-token-file slack-bot-token --app-token-file slack-app-token',
  ],
  answer: '`steps`, `manifest` and `config`; with files `ok`, `findings` and `config`.',
})
