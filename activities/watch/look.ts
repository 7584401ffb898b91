/** Looks at the engine: one listing, and a closer look only at what has changed. */
import type { SeenWord } from '../../workflows/contract.ts'
import type { Berthing, Sight } from '../../workflows/ports.ts'
import { rootMessage } from '../../workflows/refuse.ts'
import { type Change, compare } from '../../workflows/rules/sightings.ts'
import type { Rotation } from './rotation.ts'

/** An engine that does not answer changes nothing that is known. */
export async function look(it: Rotation): Promise<void> {
  const wasShaken = it.shaken
  let seen
  try {
    seen = await it.eyes.glimpse()
  } catch {
    it.awaySince ??= it.now()
    it.shaken = true
    return
  }
  const { watched, changes } = compare(it.watched, seen, { own: (at) => it.own.isOwn(at), first: it.first })
  const shaken = it.shaken || it.awaySince !== undefined
  it.watched = watched
  it.first = false
  it.awaySince = undefined
  if (wasShaken) it.shaken = false
  for (const change of changes) owe(it, change.of, await wordOf(it, change, shaken))
}

export type Said = Pick<SeenWord, 'what' | 'evidence' | 'hostPorts' | 'id'>

export function owe(it: Rotation, { key, number }: Pick<Berthing, 'key' | 'number'>, said: Said | undefined): void {
  if (!said) return
  const now = it.now()
  it.owed.push({ since: now, word: { key, number, at: Math.round(now), ...said } })
}

async function wordOf({ eyes, own }: Rotation, { is, of, why }: Change, shaken: boolean): Promise<Said | undefined> {
  if (is === 'replaced') return own.hasRestarted(of.member) ? undefined : { what: 'replaced', evidence: why ?? 'somebody removed the one before', id: of.id }
  if (is === 'moved') return { what: 'ports moved', evidence: 'as the engine publishes them', hostPorts: of.ports }
  if (is === 'gone') return { what: 'removed', evidence: 'the engine does not have it any more' }
  try {
    return deathOf(await eyes.look(of), shaken)
  } catch (error) {
    return { what: shaken ? 'restarted' : 'died', evidence: `the engine does not say why: ${rootMessage(error)}` }
  }
}

/** Undefined when there is nothing to tell: it runs. One that is gone meanwhile was removed. */
export function deathOf(sight: Sight, shaken: boolean): Said | undefined {
  if (sight.is === 'running') return undefined
  if (sight.is === 'absent') return { what: 'removed', evidence: 'the engine does not have it any more' }
  const last = lastWords(sight.lastLines)
  return {
    what: sight.outOfMemory ? 'out of memory' : shaken ? 'restarted' : 'died',
    evidence: `exit code ${sight.exitCode}${last ? `, its last lines: ${last}` : ''}`,
  }
}

/** Of the last lines so many, and so many characters: they go into a sentence. */
const mostLines = 3, mostChars = 200

function lastWords(lines: readonly string[]): string {
  const text = lines.slice(-mostLines).map((line) => line.trim()).filter(Boolean).join(' / ')
  return text.length > mostChars ? `…${text.slice(1 - mostChars)}` : text
}
