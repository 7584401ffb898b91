/**
 * The page of an attempt to link: it shows which chat account is meant, asks for a login, and shows the code that finishes
 * it in chat. Whoever is lured to somebody else's page links nothing by signing in there: the code is on his own screen.
 */
import { Hono, type Context } from 'hono'
import type { LinkContext } from '../../../../workflows/link/terms.ts'
import { statusOf } from '../../answer.ts'
import { isForm } from '../../body.ts'
import type { Env } from '../../env.ts'
import { asRefusal, directoryAway } from '../../failures.ts'
import type { GatewayOptions } from '../../options.ts'
import type { ChatSeals } from '../../seals.ts'
import { SlowDown, type Sessions } from '../../session.ts'
import type { Links } from '../links.ts'
import { openContext } from '../seal.ts'
import type { ChatSettings } from '../settings.ts'
import { newCode } from './code.ts'
import { codePage, loginPage, overPage, troublePage, type Account } from './page.ts'
import { againAfterS, show, tooLong } from './show.ts'

interface Needs {
  readonly links: Links
  readonly sessions: Pick<Sessions, 'prove'>
  readonly chatSeals: ChatSeals
  readonly options: GatewayOptions
  readonly settings: ChatSettings
}

/** An attempt whose page may be used now. */
interface Open {
  readonly context: LinkContext
  readonly account: Account
  readonly until: number
}

/** A name and a password of the longest kind, percent-encoded. */
const mostBytes = 16 * 1024

export function linkRoutes({ links, sessions, chatSeals, options, settings }: Needs): Hono<Env> {
  const app = new Hono<Env>()
  const { origin } = new URL(settings.url)

  /** The status of the page that is shown instead: not one of ours, or over. */
  async function openAttempt(c: Context<Env>): Promise<Open | 404 | 410> {
    const context = openContext(chatSeals, 'link', { sealed: c.req.param('sealed'), now: options.now() })
    const place = context && placeOf(context, settings)
    if (!context || !place) return 404
    const { who } = context, { attempt, name } = await links.who(who)
    if (!attempt || attempt.id !== context.attempt || attempt.proven || attempt.until <= options.now()) return 410
    const platform = who.platform === 'slack' ? 'Slack' : 'Mattermost'
    return { context, account: { platform, place, name: name ?? who.user, id: who.user }, until: attempt.until }
  }

  app.get('/:sealed', async (c) => {
    const open = await openAttempt(c)
    return typeof open === 'number' ? show(c, overPage(), open) : show(c, loginPage(open.account), 200)
  })

  app.post('/:sealed', async (c) => {
    if (!isOwnPost(c, origin)) {
      return show(c, troublePage({ title: 'This came from another page', sentence: 'The form was not sent by Berth’s own page. Nothing was linked; open the page from your chat and sign in there.' }), 403)
    }
    if (!isForm(c)) return show(c, troublePage({ title: 'This is no form', sentence: 'Berth takes the form of its own page alone. Open the page from your chat and sign in there.' }), 415)
    const text = await c.req.text()
    if (text.length > mostBytes) return tooLong(c)
    const open = await openAttempt(c)
    if (typeof open === 'number') return show(c, overPage(), open)
    return signIn(c, open, new URLSearchParams(text))
  })
  app.all('*', (c) => show(c, overPage(), 404))

  async function signIn(c: Context<Env>, { context: { attempt, who }, account, until }: Open, form: URLSearchParams): Promise<Response> {
    const name = form.get('username') ?? '', password = form.get('password') ?? '', address = c.get('address')
    const log = (outcome: string, more = {}) => options.log({
      level: outcome === 'tryLater' ? 'warn' : 'info', what: 'link page', ...who, requestId: c.get('requestId'), address, outcome, ...more,
    })
    const again = (trouble: { readonly sentence: string; readonly typed: boolean }) => loginPage(account, { name: name.slice(0, 256), trouble })
    if (name.trim() === '' || name.length > 256 || password === '' || password.length > 1024) {
      return show(c, again({ sentence: 'Fill in both your name and your password.', typed: true }), 400)
    }
    try {
      const { person } = await sessions.prove({ uid: name, password, address })
      const code = newCode()
      await links.prove(who, { attempt, uid: person.uid, uuid: person.uuid, code })
      log('proven', { member: person.uid })
      return await show(c, codePage({ account, uid: person.uid, code, minutes: Math.max(1, Math.floor((until - options.now()) / 60_000)) }), 200)
    } catch (error) {
      const refusal = asRefusal(error)
      if (!refusal) throw error
      const { kind } = refusal, later = kind === 'tryLater'
      log(kind, later ? { error: String(error) } : {})
      if (kind === 'linkOver') return show(c, overPage(), 410)
      if (error instanceof SlowDown) c.header('Retry-After', String(Math.max(1, Math.ceil(error.afterMs / 1000))))
      else if (later) c.header('Retry-After', String(againAfterS))
      const away = refusal === directoryAway ? 'The directory does not answer just now' : 'Berth cannot answer just now'
      return show(c, again({ sentence: later ? `${away}. Nothing was linked; try again in a minute.` : refusal.sentence, typed: kind === 'denied' }), statusOf(kind))
    }
  }
  return app
}

/** Undefined when this chat is served no longer. */
function placeOf({ who: { platform, tenant } }: LinkContext, settings: ChatSettings): Account['place'] | undefined {
  if (platform === 'slack') return settings.slack.some(({ team }) => team === tenant) ? { is: 'Workspace', called: tenant } : undefined
  const server = settings.mattermost.find(({ name }) => name === tenant)
  return server && { is: 'Server', called: `${server.name} (${new URL(server.url).host})` }
}

/**
 * Whether this is the form of our own page. Browsers say so themselves; one from before Sec-Fetch-Site (2023) names an
 * origin only, which `no-referrer` makes `null` for our own page too: then the sealed address has to do, as it does for
 * whoever writes his own request. No cookie goes along, so nobody else's post can do more than its sender could.
 */
function isOwnPost(c: Context, own: string): boolean {
  const site = c.req.header('sec-fetch-site'), origin = c.req.header('origin')
  if (site !== undefined) return site === 'same-origin' || site === 'none'
  return origin === undefined || origin === 'null' || origin === own
}
