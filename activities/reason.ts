/** Why there was no answer, in a word: the system's code of it, like ECONNREFUSED, or what kind of error it is. Its message may quote anything. */
export function reasonOf(error: unknown): string {
  let at = error
  for (let depth = 0; at instanceof Error && at.cause instanceof Error && depth < 5; depth++) at = at.cause
  const { code, name } = (at ?? {}) as { readonly code?: unknown; readonly name?: unknown }
  return typeof code === 'string' ? code : String(name)
}
