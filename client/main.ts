#!/usr/bin/env node
/** `berth`: the command line of members and admins. It knows the gateway and nothing behind it. */
import { readFileSync } from 'node:fs'
import { runCli } from './terminal/cli.ts'

const interrupt = new AbortController()
process.once('SIGINT', () => {
  interrupt.abort()
  // Only following steps has something to say at the end; whatever else is under way just stops.
  setTimeout(() => process.exit(130), 500).unref()
})
// A reader that has seen enough (`| head`) is no trouble.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }

process.exitCode = await runCli(process.argv.slice(2), {
  env: process.env,
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  keyboard: process.stdin,
  columns: process.stdout.isTTY ? process.stdout.columns : undefined,
  interrupted: interrupt.signal,
  version,
})
