import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { startDirectory } from '../../worker/embedded/directory.ts'
import { ldifOf, personEntry, tree } from '../../worker/embedded/people.ts'
import { startSlapd, type Slapd } from '../../worker/embedded/slapd.ts'
import { folder, listens, lives, processesWith } from './folder.ts'

const people = [
  { uid: 'mika', password: 'mika-secret' },
  { uid: 'Ann+Lee, jr', password: 'ann-secret' },
  { uid: '山田', password: 'yamada-secret', more: { objectClass: 'shadowAccount', shadowExpire: '1' } },
]
const groups = [{ cn: 'lenders', members: ['mika', '山田', 'Ann+Lee, jr'] }, { cn: 'nobody-yet', members: [] }]

const run = promisify(execFile)
type Who = { dn: string; password: string }
const berth: Who = { dn: tree.bindDn, password: tree.bindPassword }

/** By ldapsearch, so that our own client is no part of this test; values come out decoded. */
async function search(url: string, what: string[], who = berth, env = {}): Promise<string> {
  const { stdout } = await run('ldapsearch', ['-LLL', '-o', 'ldif-wrap=no', '-x', '-H', url, '-D', who.dn, '-w', who.password,
    '-b', tree.base, ...what], { env: { ...process.env, ...env }, timeout: 10_000 })
  return stdout.replace(/^(\S+):: (.*)$/gm, (_, name: string, value: string) => `${name}: ${Buffer.from(value, 'base64')}`)
}

let room: Awaited<ReturnType<typeof folder>>, slapd: Slapd, inProcess: Awaited<ReturnType<typeof startDirectory>>
beforeAll(async () => {
  room = await folder()
  slapd = await startSlapd({ dir: room.dir, people, groups })
  inProcess = await startDirectory({ people, groups })
})
afterAll(async () => {
  await Promise.all([slapd.kill(), inProcess.stop()])
  await room.remove()
})

describe.each([['slapd', () => slapd.url], ['the directory in our process', () => inProcess.url]])('%s', (_name, url) => {
  test('finds a member with groups by memberOf and by search, and with entryUUID', async () => {
    const found = await search(url(), ['(uid=MIKA)', 'uid', 'memberOf', 'entryUUID'])
    expect(found).toMatch(/uid: mika/)
    expect(found.toLowerCase()).toContain(`memberof: ${tree.groupDn('lenders')}`)
    expect(found).toMatch(/entryUUID: [0-9a-f-]{36}/)
    expect(await search(url(), [`(&(objectClass=groupOfNames)(member=${tree.personDn('mika')}))`, 'cn'])).toMatch(/cn: lenders/)
  })

  test('finds the canary, person and group', async () => {
    const found = await search(url(), [`(|(uid=${tree.canary.uid})(cn=${tree.canary.group}))`, 'memberOf', 'member'])
    expect(found.toLowerCase()).toContain(`memberof: ${tree.canary.groupDn}`)
    expect(found).toContain(`member: ${tree.canary.personDn}`)
  })

  test.each(people)('lets $uid in with the right password only', async ({ uid, password }) => {
    const bind = (given: string) => run('ldapwhoami', ['-x', '-H', url(), '-D', tree.personDn(uid), '-w', given], { timeout: 10_000 })
    await expect(bind('wrong')).rejects.toThrow(/49|Invalid credentials/)
    if (url() === slapd.url) expect((await bind(password)).stdout).toMatch(/^dn:/)
    // ldapjs has no who-am-I: a search that is refused shows that the bind was not.
    else await expect(search(url(), ['(uid=mika)'], { dn: tree.personDn(uid), password })).rejects.toThrow(/50|Insufficient access/)
  })

  test('shows no password, and nothing to anybody else', async () => {
    expect(await search(url(), ['(uid=mika)'])).not.toMatch(/userPassword/i)
    const asMika = search(url(), ['(uid=berth-canary)'], { dn: tree.personDn('mika'), password: 'mika-secret' })
    expect(await asMika.catch((error: Error) => error.message)).not.toMatch(/uid: berth-canary/)
  })
})

test('slapd speaks TLS with a certificate of its authority', async () => {
  writeFileSync(join(room.dir, 'check.pem'), slapd.ca!)
  expect(await search(slapd.ldapsUrl!, ['(uid=mika)', 'uid'], berth, { LDAPTLS_CACERT: join(room.dir, 'check.pem') })).toMatch(/uid: mika/)
  await expect(search(slapd.ldapsUrl!, ['(uid=mika)', 'uid'], berth, { LDAPTLS_CACERT: '/dev/null' })).rejects.toThrow()
})

test('slapd takes changes as LDIF, and a refused one says why', async () => {
  await slapd.apply(ldifOf([personEntry({ uid: 'new', password: 'x' })]))
  expect(await search(slapd.url, ['(uid=new)', 'uid'])).toMatch(/uid: new/)
  await slapd.apply(`dn: ${tree.personDn('new')}\nchangetype: delete\n`)
  expect(await search(slapd.url, ['(uid=new)', 'uid'])).toBe('')
  await expect(slapd.apply('dn: cn=x,dc=elsewhere\nobjectClass: device\ncn: x\n')).rejects.toThrow(/LDIF was refused.*\S/s)
})

test('slapd frozen answers nothing, thawed it does; killed and started again it has everybody', async () => {
  slapd.freeze()
  const asked = search(slapd.url, ['(uid=mika)', 'uid'])
  const first = await Promise.race([asked, new Promise((done) => setTimeout(done, 500, 'nothing yet'))])
  expect(first).toBe('nothing yet')
  slapd.thaw()
  expect(await asked).toMatch(/uid: mika/)
  await slapd.stop()
  await slapd.start()
  expect(await search(slapd.url, ['(uid=mika)', 'uid'])).toMatch(/uid: mika/)
})

test('slapd leaves neither process nor port when it is stopped, even while frozen', async () => {
  const { dir, remove } = await folder()
  const other = await startSlapd({ dir, people: [], groups: [] })
  other.freeze()
  await other.stop()
  expect([lives(other.pid), await listens(Number(new URL(other.url).port))]).toEqual([false, false])
  expect(processesWith(dir)).toEqual([])
  await remove()
})
