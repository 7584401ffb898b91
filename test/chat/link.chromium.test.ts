/** The page of a link as a member has it: a real browser without scripts, a phone's size, the keyboard alone. */
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Listening } from '../../client/gateway/listen.ts'
import { find, need } from '../../worker/embedded/find.ts'
import { contrasts, focused, heard, paper, widths } from './link.look.ts'
import { linkStage, type Stage } from './link.stage.ts'

const withoutBrowser = find('chromium') === undefined && process.env['CI'] !== 'true'
const phone = { width: 320, height: 640 }

describe.skipIf(withoutBrowser)('in Chromium, without scripts, on a phone', () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: need('chromium', 'chromium'), args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking'],
    })
  })
  afterAll(() => browser?.close())

  let it: Stage, listening: Listening, context: BrowserContext, page: Page, complaints: string[]
  const open = async (name: string) => {
    it = linkStage({ options: { listen: { host: '127.0.0.1', port: 0 } } })
    listening = await it.gateway.listen()
    context = await browser.newContext({ viewport: phone, isMobile: true, deviceScaleFactor: 2, javaScriptEnabled: false })
    page = await context.newPage()
    complaints = []
    page.on('console', (message) => complaints.push(message.text()))
    const user = it.account(name)
    await page.goto(listening.url + await it.begun(user))
    return user
  }
  afterEach(async () => {
    await context?.close()
    await listening?.close()
  })
  const typed = (text: string) => page.keyboard.type(text)
  const pressed = (key: string) => page.keyboard.press(key)
  const sent = () => Promise.all([page.waitForEvent('load'), pressed('Enter')])
  const fit = { content: phone.width, view: phone.width }

  test('the keyboard alone leads from Tab over a wrong password to the code, and each page reads well', async () => {
    const user = await open('alice'), session = await context.newCDPSession(page)
    expect(await page.title()).toBe('Link this chat account to you · Berth')
    expect(await heard(session)).toEqual(expect.arrayContaining([
      expect.objectContaining({ role: 'heading', name: 'Link this chat account to you' }),
      expect.objectContaining({ role: 'textbox', name: 'Name in the directory', is: expect.arrayContaining(['required']) as unknown }),
      expect.objectContaining({ role: 'textbox', name: 'Password', is: expect.arrayContaining(['required']) as unknown }),
      expect.objectContaining({ role: 'button', name: 'Sign in and see the code' }),
    ]))
    expect(await widths(page)).toEqual(fit)

    const ring = '3px', stops = []
    for (const word of ['mika', 'wrong guess', '']) {
      await pressed('Tab')
      stops.push(await focused(page))
      await typed(word)
    }
    expect(stops).toEqual([{ id: 'username', tag: 'INPUT', ring }, { id: 'password', tag: 'INPUT', ring }, { id: '', tag: 'BUTTON', ring }])
    await sent()
    await page.locator('#password:focus').waitFor() // a browser moves there when it has drawn the page
    const said = 'The directory does not accept this name and password; try again, or ask who runs it.'
    expect(await page.getByRole('alert').innerText()).toBe(said)
    await expect.poll(() => heard(session)).toEqual(expect.arrayContaining([
      expect.objectContaining({ role: 'alert' }),
      expect.objectContaining({ role: 'textbox', name: 'Password', description: said, is: expect.arrayContaining(['invalid', 'focused']) as unknown }),
    ]))
    expect(await page.locator('#username').inputValue()).toBe('mika')
    expect(await page.locator('#password').inputValue()).toBe('')
    expect(await focused(page)).toMatchObject({ id: 'password', ring })
    expect(await widths(page)).toEqual(fit)

    await typed('secret of mika')
    await sent()
    expect(await page.getByRole('heading').innerText()).toBe('Type this code in your chat')
    const code = await page.locator('.code').innerText()
    expect(code).toMatch(/^[a-z]{4}-[a-z]{4}$/)
    expect(await widths(page)).toEqual(fit)
    const { height = 0, width = 0 } = await page.locator('.code code').boundingBox() ?? {}
    expect([height > 30, height < 60, width > 180, width < phone.width]).toEqual([true, true, true, true]) // large, in one line
    expect(complaints).toEqual([expect.stringContaining('401')]) // nothing of the policy
    expect(await it.type(user, `link ${code}`)).toContain('linked to mika')
  })

  test.each(['light', 'dark'] as const)('every text stands out from what is behind it: %s', async (colorScheme) => {
    await open('alice')
    await page.emulateMedia({ colorScheme })
    const papers: string[] = []
    const look = async (least: number) => {
      papers.push(await paper(page))
      const { texts, edges } = await contrasts(page)
      expect(texts.length).toBeGreaterThanOrEqual(least)
      expect(texts.filter(({ ratio }) => ratio < 4.5)).toEqual([])
      expect(edges.filter(({ ratio }) => ratio < 3)).toEqual([])
    }
    await look(15)
    await page.locator('#username').fill('mika')
    await page.locator('#password').fill('wrong guess')
    await page.locator('#password').focus()
    await sent()
    await look(16)
    await page.locator('#password:focus').waitFor()
    await typed('secret of mika')
    await sent()
    await look(7)
    await page.goto(`${listening.url}/link/none`)
    await look(4)
    expect(new Set(papers)).toEqual(new Set([colorScheme === 'light' ? 'rgb(255, 255, 255)' : 'rgb(21, 24, 28)']))
  })

  test('a long or hostile chat name neither widens the page nor becomes a part of it', async () => {
    await open(`<h1>${'W'.repeat(300)}</h1><script>document.title = "taken"</script>`)
    expect(await widths(page)).toEqual(fit)
    expect(await page.locator('h1').count()).toBe(1)
    expect(await page.locator('dd').nth(2).innerText()).toMatch(/^<h1>W{76}…$/)
  })

  test('letters of twice the size still fit', async () => {
    await open('alice')
    const session = await context.newCDPSession(page)
    await session.send('Emulation.setDeviceMetricsOverride', { width: phone.width / 2, height: phone.height / 2, deviceScaleFactor: 4, mobile: true })
    const half = { content: phone.width / 2, view: phone.width / 2 }
    expect(await widths(page)).toEqual(half)
    await page.locator('#username').fill('mika')
    await page.locator('#password').fill('secret of mika')
    await page.locator('#password').focus()
    await sent()
    expect(await page.getByRole('heading').innerText()).toBe('Type this code in your chat')
    expect(await widths(page)).toEqual(half)
  })
})
