/** How the pages look: for a phone of 320 px first, light and dark, with system fonts. The policy names this text by its hash. */
import { createHash } from 'node:crypto'

export const style = `
:root{color-scheme:light dark;--ink:#1b1f24;--paper:#fff;--soft:#f0f2f5;--line:#6b7280;--act:#0b57d0;--on:#fff;--bad:#a1101a}
@media (prefers-color-scheme:dark){:root{--ink:#e8eaed;--paper:#15181c;--soft:#22272e;--line:#8b949e;--act:#8ab4f8;--on:#0b1220;--bad:#ffa198}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:1rem/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
main{max-width:32rem;margin:0 auto;padding:1rem}
h1{margin:0 0 .75rem;font-size:1.5rem;line-height:1.25}
p{margin:.75rem 0}
dl{display:grid;grid-template-columns:auto 1fr;gap:.25rem 1rem;margin:.75rem 0;padding:.75rem;border-radius:.5rem;background:var(--soft)}
dd{margin:0;min-width:0;font-weight:600}
.note{padding-left:.75rem;border-left:.25rem solid var(--line)}
label{display:block;margin:.75rem 0 .25rem;font-weight:600}
input,button{width:100%;min-height:2.75rem;border-radius:.375rem;font:inherit}
input{padding:.5rem .75rem;border:1px solid var(--line);background:var(--paper);color:inherit}
button{margin:1.25rem 0 .5rem;padding:.5rem;border:1px solid transparent;background:var(--act);color:var(--on);font-weight:600;cursor:pointer}
:focus-visible{outline:3px solid var(--act);outline-offset:2px}
[role=alert]{padding:.5rem .75rem;border:2px solid;border-radius:.375rem;color:var(--bad);font-weight:600}
code{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-variant-ligatures:none}
.code{padding:.75rem 0;border-radius:.5rem;background:var(--soft);text-align:center}
.code code{font-size:2rem;font-weight:600;letter-spacing:.1em}
.code code,.line code{-webkit-user-select:all;user-select:all}
`

export const styleHash = `sha256-${createHash('sha256').update(style).digest('base64')}`
