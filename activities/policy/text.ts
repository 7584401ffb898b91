/** Policy text as YAML: its plain content, and where each key stands, so that a problem can say its line. */
import { LineCounter, isMap, isScalar, isSeq, parseDocument } from 'yaml'

export type Path = readonly PropertyKey[]

export interface PolicyText {
  readonly content: unknown
  /** `line 12: groups.students.cpu: …`; the nearest key that exists when the path's own does not. */
  say(path: Path, what: string): { readonly line: number; readonly said: string }
}

/** A file that is larger is no policy. */
const mostBytes = 1024 * 1024

/** Keys given twice and wrong YAML are problems of their own. */
export function readText(text: string): PolicyText | { readonly problems: readonly string[] } {
  if (Buffer.byteLength(text) > mostBytes) return { problems: ['The file is larger than 1 MiB.'] }
  const lines = new LineCounter()
  const doc = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const lineAt = (offset: number) => lines.linePos(offset).line
  const wrong = [...doc.errors, ...doc.warnings]
  if (wrong.length > 0) return { problems: wrong.map(({ pos, message }) => `line ${lineAt(pos[0])}: ${message}`) }
  let content: unknown
  try {
    content = doc.toJS({ maxAliasCount: 100 })
  } catch (error) {
    return { problems: [(error as Error).message] }
  }
  return {
    content,
    say(path, what) {
      let line = 1, node: unknown = doc.contents
      for (const step of path) {
        if (isMap(node)) {
          const pair = node.items.find(({ key }) => String(isScalar(key) ? key.value : key) === String(step))
          if (!pair) break
          if (isScalar(pair.key) && pair.key.range) line = lineAt(pair.key.range[0])
          node = pair.value
        } else if (isSeq(node)) {
          node = node.items[Number(step)]
          const range = (node as { range?: readonly [number, number, number] } | undefined)?.range
          if (range) line = lineAt(range[0])
        } else break
      }
      const where = path.map((step) => (typeof step === 'number' ? `[${step + 1}]` : `.${String(step)}`)).join('').slice(1)
      return { line, said: `line ${line}: ${where ? `${where}: ` : ''}${what}` }
    },
  }
}
