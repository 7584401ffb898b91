/** `/v1/login`, `/v1/refresh`, `/v1/logout`. */
import { Hono } from 'hono'
import { stop } from '../refused.ts'
import type { Accounts } from './accounts.ts'
import { bodyOf, tokenOf } from './body.ts'
import type { Env } from './env.ts'
import type { GatewayOptions } from './options.ts'
import type { Sessions } from './session.ts'

type Needs = { readonly sessions: Sessions; readonly accounts: Accounts; readonly options: GatewayOptions }

export function sessionRoutes({ sessions, accounts, options }: Needs): Hono<Env> {
  const app = new Hono<Env>()

  app.post('/login', async (c) => {
    const { uid, password } = await bodyOf(c)
    if (typeof uid !== 'string' || uid.trim() === '' || uid.length > 256 || typeof password !== 'string' || password === '' || password.length > 1024) {
      throw stop('badLine', 'A login needs a uid and a password, neither of them empty.')
    }
    const tokens = await sessions.login({ uid, password, address: c.get('address') })
    options.log({ level: 'info', what: 'login', requestId: c.get('requestId'), member: tokens.uid, address: c.get('address') })
    return c.json(tokens)
  })

  app.post('/refresh', async (c) => {
    const { refresh } = await bodyOf(c)
    return c.json(await sessions.refresh(typeof refresh === 'string' ? refresh : ''))
  })

  app.post('/logout', async (c) => {
    const claims = sessions.claims(tokenOf(c))
    sessions.assertCurrent(claims, await accounts.desk(claims.uid))
    await accounts.signOut(claims.uid, { by: claims.uid, reason: 'logout' })
    options.log({ level: 'info', what: 'logout', requestId: c.get('requestId'), member: claims.uid })
    return c.json({ uid: claims.uid })
  })

  return app
}
