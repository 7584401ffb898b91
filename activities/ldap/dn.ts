/** Distinguished names as text (RFC 4514). Our own writer, for ldapjs leaves a backslash in a value unescaped. */

/** One part of a DN: attribute and value, several when joined by `+`. `hex` is a value that came as bytes. */
export type Part = readonly { readonly name: string; readonly value: string | { readonly hex: string } }[]

export function writeDn(parts: readonly Part[]): string {
  return parts.map((part) => part
    .map(({ name, value }) => `${name}=${typeof value === 'string' ? escapeValue(value) : '#' + value.hex}`)
    .join('+')).join(',')
}

/** Every byte that means something in a DN, and every byte beyond ASCII, as `\xx`: right wherever it stands. */
function escapeValue(value: string): string {
  return [...Buffer.from(value, 'utf8')].map((byte, at, all) => {
    const letter = String.fromCharCode(byte)
    const edge = (at === 0 && (letter === ' ' || letter === '#')) || (at === all.length - 1 && letter === ' ')
    return byte < 0x20 || byte > 0x7e || '"+,;<>=\\'.includes(letter) || edge
      ? '\\' + byte.toString(16).padStart(2, '0') : letter
  }).join('')
}

/** The value of the first part of a DN: `cn=lab\2c night,ou=groups` → `lab, night`. */
export function nameInDn(dn: string): string {
  const first = /^[^=]+=((?:\\.|[^,+\\])*)/s.exec(dn)?.[1] ?? ''
  const bytes: Buffer[] = []
  for (const [, hex, escaped, plain] of first.matchAll(/\\([0-9a-f]{2})|\\(.)|([^\\]+)/gis)) {
    bytes.push(hex ? Buffer.from(hex, 'hex') : Buffer.from(escaped ?? plain ?? ''))
  }
  return Buffer.concat(bytes).toString('utf8')
}

/** Spelling differs between servers in case and in spaces after commas. */
export function isUnder(dn: string, base: string): boolean {
  const plain = (text: string) => text.toLowerCase().replace(/\s*([,=])\s*/g, '$1')
  return plain(dn).endsWith(',' + plain(base))
}
