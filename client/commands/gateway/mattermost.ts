import { defineCommand, flag, needed, toggle } from '../command.ts'
import { word } from '../values.ts'

/** What goes into addresses and names of files, so nothing of it means anything there. */
const plainWord = (label: string, sample: string, most: number) => ({
  ...word(label, sample),
  read: (text: string) => text.length <= most && /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(text)
    ? { value: text }
    : { refusal: { kind: 'badLine', sentence: `${label} has lower-case letters, digits and hyphens, at most ${most}; write it like ${sample}.` } as const },
})

export const setupMattermost = defineCommand({
  name: 'gateway setup mattermost',
  summary: 'Sets Mattermost up: makes bot, token and slash command by its API, and checks a round trip. Twice does nothing twice.',
  who: 'anyone',
  where: 'terminal',
  arguments: {
    server: needed(word('URL', 'https://chat.example.org'), 'The Mattermost server.'),
    url: needed(word('URL', 'https://berth.example.org'), 'How Mattermost and members’ browsers reach the gateway.'),
    // `worker/config.ts` takes the same names.
    name: needed(plainWord('NAME', 'campus', 32), 'What Berth calls this server; it is part of every member’s identity there, so it stays.'),
    team: needed(plainWord('TEAM', 'staff', 64), 'The team, as its addresses write it. Each team has a slash command of its own.'),
    'token-file': flag(word('FILE', 'mattermost-admin-token'), 'Holds a personal access token of a system admin; mode 600. Without it, says how to make one.'),
    yes: toggle('Replaces files that hold other tokens, and a slash command that calls another host.'),
  },
  examples: ['gateway setup mattermost --server https://chat.example.org --url https://berth.example.org --name campus --team staff --token-file mattermost-admin-token'],
  answer: '`ok`, `findings`, `changed` and `config`; without a token `steps`.',
})
