import type { Receipt, RuntimeKind } from '../../workflows/terms.ts'
import { defineCommand, flag, flags, place, rest } from './command.ts'
import { argument, asEnv, choice, count, cpu, duration, eachOnce, image, leaseName, memory, port, variable, word } from './values.ts'

export const lend = defineCommand({
  name: 'lend',
  summary: 'Lends you a container for a time.',
  who: 'member',
  changes: true,
  arguments: {
    image: place(image, 'What to run: a name that your organisation offers, or an image that it admits.'),
    name: flag(leaseName, 'Its name; it begins the DNS name. Without it, one is made up.'),
    for: flag(duration, 'How long, like 2h30m. Without it, as long as your groups usually have.'),
    port: flags(port, 'A port on which it listens, as often as there are ports.', eachOnce),
    env: flags(variable, 'An environment variable, as often as there are variables.', asEnv),
    cpu: flag(cpu, 'Cores, like 0.5.'),
    memory: flag(memory, 'Memory, like 512Mi.'),
    gpu: flag(count('GPUS', 10_000, 1), 'Whole GPUs, like 1. Without it, none.'),
    on: flag(choice<RuntimeKind>('KIND', ['docker', 'kubernetes']), 'Only on a host of this kind. Without it, on any that your groups may have.'),
    site: flag(word('SITE', 'main'), 'Where. Without it, the first site of your groups that has room.'),
    command: rest(argument, 'What it runs instead of its own command. Everything that follows belongs to it.'),
  },
  examples: ['lend nginx', 'lend nginx:1.27 --name web --for 2h --port 80', 'lend python --for 1h --port 8000 --command python -m http.server 8000', 'lend trainer --on kubernetes --gpu 1'],
  answer: 'What is reserved: key, name, fqdn, site and length. Follow /v1/leases/{key}/events to see it come up.',
  run: (args, door) => door.lend({
    image: args.image, ports: args.port,
    ...(args.name !== undefined && { name: args.name }), ...(args.for !== undefined && { forMs: args.for }),
    ...(args.env && { env: args.env }), ...(args.cpu !== undefined && { cpu: args.cpu }),
    ...(args.memory !== undefined && { memory: args.memory }), ...(args.gpu !== undefined && { gpu: args.gpu }),
    ...(args.on !== undefined && { on: args.on }), ...(args.site !== undefined && { site: args.site }),
    ...(args.command && { command: args.command }),
  }),
  say: (receipt: Receipt) => `Reserved ${receipt.name} (${receipt.image}) at ${receipt.site}. It will be ${receipt.fqdn}.`,
})
