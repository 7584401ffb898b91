/**
 * `npm run demo`: everything around Berth, Berth itself, and the story of one lease. `--once` plays it and ends: with 0
 * when every step was seen to happen. Otherwise all stays up until Ctrl-C, which leaves nothing behind but images.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { whenWeDie } from '../embedded/tether.ts'
import { startBerth } from './berth.ts'
import { playChat } from './chat.ts'
import { cliEnvironment } from './cli.ts'
import { startParts } from './parts.ts'
import { password } from './people.ts'
import { NotSeen, createStage } from './stage.ts'
import { play } from './story.ts'

const unknown = process.argv.slice(2).find((word) => word !== '--once')
if (unknown !== undefined) {
  console.error(`The demo knows --once and --no-install, and not ${unknown}.`)
  process.exit(2)
}
const once = process.argv.includes('--once')
const began = performance.now()
const say = (line: string) => console.log(`${((performance.now() - began) / 1000).toFixed(1).padStart(5)} s  ${line}`)

const interrupted = Promise.withResolvers<never>()
interrupted.promise.catch(() => undefined)
class Interrupted extends Error {}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interrupted.reject(new Interrupted(signal)))
/** What is awaited here ends early at Ctrl-C; what it started is stopped by the undo stack below. */
const unlessInterrupted = <T>(work: Promise<T>): Promise<T> => Promise.race([work, interrupted.promise])

const root = mkdtempSync(join(tmpdir(), 'berth-demo-'))
const folder = (part: string) => {
  mkdirSync(join(root, part), { recursive: true, mode: 0o700 })
  return join(root, part)
}
// Also when we are killed.
const spare = whenWeDie(['/bin/sh', '-c', 'sleep 30; rm -rf "$1"', 'berth-demo', root])
const undo: (() => Promise<unknown>)[] = []

const code = await run()
process.exit(await cleanUp() ? code : 1)

async function run(): Promise<number> {
  try {
    const starting = startParts(folder, say)
    undo.push(() => starting.then((parts) => parts.stop(), () => undefined))
    const parts = await unlessInterrupted(starting)
    const berthing = startBerth(parts, folder('berth'), say)
    undo.push(() => berthing.then((demo) => demo.stop(), () => undefined))
    const demo = await unlessInterrupted(berthing)
    say(`Temporal UI at ${parts.temporal.uiUrl}`)
    const home = folder('mika'), stage = createStage()
    await unlessInterrupted(play({ parts, demo, stage, member: 'mika', home }))
    await unlessInterrupted(playChat({ chat: parts.chat, demo, stage, member: 'mika', password }))
    console.log(`\nAll ${stage.count} steps were seen to happen.`)
    if (once) return 0
    console.log(howToGoOn(parts, { gateway: demo.gateway, home }))
    // Servers that die with us do not keep us alive.
    setInterval(() => undefined, 60_000)
    return await interrupted.promise
  } catch (error) {
    if (error instanceof Interrupted) return once ? 130 : 0
    if (error instanceof NotSeen) console.error(`\nThe demo failed at the step “${error.step}”:\n${error.message}`)
    else console.error(`\nThe demo could not start: ${error instanceof Error ? error.message : String(error)}`)
    return 1
  }
}

/** Whether nothing is left. */
async function cleanUp(): Promise<boolean> {
  let clean = true
  console.log('\nTaking everything down.')
  for (const act of undo.reverse()) {
    await act().catch((error: unknown) => {
      console.error(`Something could not be taken down: ${error instanceof Error ? error.message : String(error)}`)
      clean = false
    })
  }
  rmSync(root, { recursive: true, force: true })
  spare()
  return clean
}

function howToGoOn(parts: { readonly temporal: { readonly uiUrl: string }; readonly codecPort: number }, at: { gateway: string; home: string }): string {
  const settings = Object.entries(cliEnvironment(at)).map(([key, value]) => `  export ${key}=${value}`)
  return `
Everything stays up until Ctrl-C. In another terminal, in this folder, as mika (or: npm run -s berth -- login noor, password ${password}):

${settings.join('\n')}
  npm run -s berth -- lend web --name mine --for 10m
  npm run -s berth -- list
  npm run -s berth -- help

Payloads in the Temporal UI are sealed. To read them, sign in as ada, the admin (password ${password}), at
  http://127.0.0.1:${parts.codecPort}/
and at ${parts.temporal.uiUrl} open the codec settings (the glasses), choose “Use my browser setting”, write
http://127.0.0.1:${parts.codecPort} as the endpoint, and tick “Include cross-origin credentials”.`
}
