/** Why an address gave no answer, by the innermost code: the system's (ECONNREFUSED) or that of TLS. */

/** Empty when there is none. Messages are not looked at, for they may quote anything. */
export function codeIn(error: unknown): string {
  let code = ''
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const { code: own } = at as { readonly code?: unknown }
    if (typeof own === 'string') code = own
  }
  return code
}

export const isUntrusted = (code: string): boolean => /CERT|SIGNATURE|SELF_SIGNED|ISSUER/.test(code)
