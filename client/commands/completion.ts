import { defineCommand, place } from './command.ts'
import { choice } from './values.ts'

export const shells = ['bash', 'zsh', 'fish'] as const

export const completion = defineCommand({
  name: 'completion',
  summary: 'Prints the completion for your shell.',
  who: 'anyone',
  where: 'terminal',
  arguments: { shell: place(choice('SHELL', shells), 'Which shell.') },
  examples: [
    'completion bash > ~/.local/share/bash-completion/completions/berth', 'completion zsh > ~/.zfunc/_berth', 'completion fish > ~/.config/fish/completions/berth.fish',
  ],
  answer: '`text`, to be sourced by the shell.',
})
