/** What Slack wraps while a member types: mentions, channels, addresses and `& < >`. */

const letters: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>' }

/**
 * A word as it was typed. Only behind the tokeniser, which keeps a wrapped address in one word; before it, a label with a
 * blank would become two. Slack’s pages do not say whether `& < >` come escaped, so both forms are taken.
 */
export const unwrap = (word: string): string => word
  .replace(/<([@#!]|[a-z][a-z0-9+.-]*:)([^<>|]*)(?:\|([^<>]*))?>/gi, (_, kind: string, what: string, label: string | undefined) => {
    if (kind.endsWith(':')) return label !== undefined && label !== '' ? label : kind + what
    const name = label !== undefined && label !== '' ? label : what
    return /^[@#]/.test(name) ? name : (kind === '#' ? '#' : '@') + name
  })
  .replace(/&(amp|lt|gt);/g, (_, name: string) => letters[name]!)
