/** The pages of a link, as plain HTML without scripts. `html` escapes whatever others have said. */
import { html, raw } from 'hono/html'
import { printable } from '../../../commands/words.ts'
import { shownCode } from './code.ts'
import { style } from './style.ts'

export type Page = ReturnType<typeof html>

/** The chat account that is to be linked, in words. Its name is what it calls itself, so its id is shown too. */
export interface Account {
  readonly platform: string
  readonly place: { readonly is: string; readonly called: string }
  readonly name: string
  readonly id: string
}

/** Why the form is shown again. */
export interface Trouble {
  readonly sentence: string
  /** What was typed is wrong, rather than that it could not be looked at. */
  readonly typed: boolean
}

const longest = 80

/** Within its own direction of writing, and no longer than can be read. */
function said(text: string): Page {
  const plain = printable(text)
  return html`<bdi>${plain.length > longest ? `${plain.slice(0, longest)}…` : plain}</bdi>`
}

const page = (title: string, body: Page): Page => html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · Berth</title>
<style>${raw(style)}</style>
</head>
<body>
<main>
${body}
</main>
</body>
</html>
`

export function loginPage(account: Account, { name = '', trouble }: { readonly name?: string; readonly trouble?: Trouble } = {}): Page {
  const title = 'Link this chat account to you'
  // With the field in focus, a screen reader reads what was wrong.
  const told = trouble ? raw(` aria-describedby="trouble"${trouble.typed ? ' aria-invalid="true"' : ''}`) : ''
  const focus = (here: boolean) => trouble && here ? raw(' autofocus') : ''
  return page(trouble ? `Not signed in: ${title}` : title, html`<h1>${title}</h1>
<dl>
<dt>Chat</dt><dd>${account.platform}</dd>
<dt>${account.place.is}</dt><dd>${said(account.place.called)}</dd>
<dt>Account</dt><dd>${said(account.name)}</dd>
<dt>Its id</dt><dd>${said(account.id)}</dd>
</dl>
<p class="note"><strong>Only go on if you yourself asked for it in that chat.</strong> Nobody of Berth ever sends you this link; if somebody else did, close this page.</p>
<form method="post">
${trouble ? html`<p role="alert" id="trouble">${trouble.sentence}</p>` : ''}
<label for="username">Name in the directory</label>
<input id="username" name="username" value="${name}" autocomplete="username" autocapitalize="none" autocorrect="off" spellcheck="false" maxlength="256" required${told}${focus(name === '')}>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" maxlength="1024" required${told}${focus(name !== '')}>
<button type="submit">Sign in and see the code</button>
</form>
<p>You then get a code to type in your chat. Until you do, nothing is linked.</p>`)
}

export interface Proven {
  readonly account: Account
  readonly uid: string
  readonly code: string
  readonly minutes: number
}

export function codePage({ account, uid, code, minutes }: Proven): Page {
  const title = 'Type this code in your chat', shown = shownCode(code)
  return page(title, html`<h1>${title}</h1>
<p class="code"><code>${shown}</code></p>
<p>Letter by letter: ${[...shown].map((letter) => letter === '-' ? 'hyphen' : letter.toUpperCase()).join(', ')}.</p>
<p>In ${account.platform}, as ${said(account.name)}, write:</p>
<p class="line"><code>/berth link ${shown}</code></p>
<p>You signed in as ${said(uid)}. The code is good once, for ${minutes === 1 ? 'a minute' : `${minutes} minutes`}; this page does not show it again.</p>
<p class="note">Give the code to nobody: whoever asks you for it wants to act in your name. If you did not ask for this yourself, close this page; without the code nothing is linked.</p>`)
}

/** For a seal that does not open and for an attempt that is over alike: it tells nothing of anybody. */
export function overPage(): Page {
  const title = 'This page is over'
  return page(title, html`<h1>${title}</h1>
<p>It has been used, is too old, was replaced by a newer one, or its address is not complete.</p>
<p>Write <code>/berth link</code> in your chat to get a new one.</p>
<p class="note">If it was used, but not by you: nothing is linked without a code typed in your own chat, and a new page makes the old code worthless.</p>`)
}

export function troublePage({ title, sentence, requestId }: { readonly title: string; readonly sentence: string; readonly requestId?: string }): Page {
  return page(title, html`<h1>${title}</h1>
<p>${sentence}</p>
${requestId === undefined ? '' : html`<p>Request id: <code>${requestId}</code></p>`}`)
}
