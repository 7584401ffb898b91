/** Collects every problem of a policy, each with its line. */
import type { z } from 'zod'
import { hint } from './guess.ts'
import type { Path, PolicyText } from './text.ts'

export interface Problems {
  /** In the order of the file. */
  readonly all: readonly string[]
  add(path: Path, what: string): void
  /** The value when it has its shape; undefined when it has not, and then each thing wrong is added. */
  read<T>(schema: z.ZodType<T>, value: unknown, path: Path): T | undefined
  /** The entries of a mapping; empty when it is none. Absent is empty too. */
  entries(value: unknown, path: Path): readonly (readonly [string, unknown])[]
}

export function collect(text: PolicyText): Problems {
  const found = new Map<string, number>()
  const add: Problems['add'] = (path, what) => {
    const { line, said } = text.say(path, what)
    found.set(said, line)
  }
  return {
    get all() { return [...found].sort(([, a], [, b]) => a - b).map(([said]) => said) },
    add,
    read(schema, value, path) {
      // A key without a value is as if it was not there.
      const result = schema.safeParse(value === null ? {} : value)
      if (result.success) return result.data
      const told = (issue: z.core.$ZodIssue, under: Path) => {
        const at = [...under, ...issue.path]
        if (issue.code === 'unrecognized_keys') {
          const known = keysAt(schema, at.slice(path.length))
          for (const key of issue.keys) add([...at, key], `is not known here.${hint(key, known)}`)
        } else if (issue.code === 'invalid_union') {
          // The branch that a mapping was meant for says more than "neither fits".
          const meant = issue.errors.find((branch) =>
            branch.some(({ path, code }) => path.length > 0 || code === 'unrecognized_keys'))
          if (meant) for (const one of meant) told(one, at)
          else add(at, issue.message)
        } else {
          const mapping = issue.code === 'invalid_type' && issue.expected === 'object'
          add(at, mapping ? 'must be a mapping of keys to values.' : issue.message)
        }
      }
      for (const issue of result.error.issues) told(issue, path)
      return undefined
    },
    entries(value, path) {
      if (value === undefined || value === null) return []
      if (typeof value === 'object' && !Array.isArray(value)) return Object.entries(value)
      add(path, 'must be a mapping of names to what they mean.')
      return []
    },
  }
}

/** Known keys of the object at a path inside a schema. */
function keysAt(schema: unknown, path: Path): string[] {
  let at = schema as { shape?: Record<string, unknown>; unwrap?: () => unknown; options?: readonly unknown[] } | undefined
  const open = () => {
    while (at?.unwrap && !at.shape) at = at.unwrap() as typeof at
    if (at?.options) at = at.options.find((option) => (option as { shape?: unknown }).shape) as typeof at
  }
  open()
  for (const step of path) {
    at = at?.shape?.[String(step)] as typeof at
    open()
  }
  return Object.keys(at?.shape ?? {})
}
