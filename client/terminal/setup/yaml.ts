/** Plain values as YAML that a person reads. Written, never read: the CLI has no package for it. */

export type Plain = string | number | boolean | readonly Plain[] | { readonly [name: string]: Plain | undefined }

/** Block style, two blanks a step; what could be read as something else than a text is quoted. */
export const yamlOf = (value: Plain): string => `${lines(value).join('\n')}\n`

function lines(value: Plain): string[] {
  if (Array.isArray(value)) {
    return (value as readonly Plain[]).flatMap((one) => {
      const [first = '', ...rest] = lines(one)
      return [`- ${first}`, ...rest.map((line) => `  ${line}`)]
    })
  }
  if (typeof value !== 'object') return [scalar(value)]
  return Object.entries(value).flatMap(([name, one]) => {
    if (one === undefined) return []
    const inner = lines(one as Plain), key = scalar(name)
    return typeof one === 'object' ? [`${key}:`, ...inner.map((line) => `  ${line}`)] : [`${key}: ${inner[0]!}`]
  })
}

function scalar(value: Plain): string {
  if (typeof value !== 'string') return String(value)
  // A quoted JSON text is a quoted YAML text.
  return /^[A-Za-z/][\w./:@-]*(?<!:)$/.test(value) && !/^(?:y|n|yes|no|on|off|true|false|null)$/i.test(value) ? value : JSON.stringify(value)
}
