/** What every directory must do, whatever its technology. The technology hands over a lab with these people. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DirectoryUnavailable, LoginDenied, type Directory } from '../../workflows/ports.ts'

export const people = [
  { uid: 'mika', password: 'mika-secret', groups: ['students', 'staff'], mail: ['mika@example.org', 'M.Lind@Example.org'] },
  { uid: 'Noor', password: 'noor-secret', groups: ['students'] },
  { uid: 'gone', password: 'gone-secret', groups: ['students'], disabled: true, mail: ['gone@example.org'] },
  { uid: 'lone', password: 'lone-secret', groups: [], mail: ['office@example.org', 'noor@example.org'] },
  { uid: 'o,dd (x)*\\', password: 'odd-secret', groups: ['students'], mail: ['*@example.org', 'Office@example.org'] },
  { uid: '太郎', password: '秘密', groups: ['students'] },
  { uid: 'a@b:c d', password: 'at-secret', groups: ['students'] },
] as const

export const canary = { uid: 'canary', group: 'canaries' } as const

export type LabTrouble = 'none' | 'down' | 'slow' | 'hidden' | 'groupsHidden'

export interface DirectoryLab {
  /** Asked for at each use, since trouble may put another in its place. */
  readonly directory: Directory
  cause(trouble: LabTrouble): Promise<void>
  /** Another person gets this uid. */
  replace(uid: string): Promise<void>
  stop(): Promise<void>
}

export function describeDirectory(name: string, start: () => Promise<DirectoryLab>): void {
  describe(`directory: ${name}`, () => {
    let lab: DirectoryLab
    beforeAll(async () => { lab = await start() })
    afterAll(() => lab?.stop())

    const person = async (uid: string) => {
      const found = await lab.directory.find(uid)
      if (found.is !== 'person') throw new Error(`${uid} is absent`)
      return found.person
    }

    test('a member is found with all groups', async () => {
      const mika = await person('mika')
      expect(mika).toMatchObject({ uid: 'mika', disabled: false })
      expect([...mika.groups].sort()).toEqual(['staff', 'students'])
      expect(mika.uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}$/)
      expect(mika.dn.toLowerCase()).toContain('mika')
    })

    test('a uid is lower-cased as the directory returns it, however it was typed', async () => {
      expect((await person('NOOR')).uid).toBe('noor')
      expect((await person('Mika')).uuid).toBe((await person('mika')).uuid)
    })

    test('every odd uid is found as itself and signs in', async () => {
      for (const { uid, password } of people) {
        expect((await person(uid)).uid).toBe(uid.toLowerCase())
        const login = lab.directory.login(uid, password)
        await expect(login, uid).resolves.toMatchObject({ uid: uid.toLowerCase() })
      }
    })

    test('a disabled account says so', async () => {
      expect(await person('gone')).toMatchObject({ disabled: true })
    })

    test('a member without groups is a member', async () => {
      expect(await person('lone')).toMatchObject({ groups: [], disabled: false })
    })

    test('nobody of that name is absent', async () => {
      expect(await lab.directory.find('nobody')).toEqual({ is: 'absent' })
    })

    test('patterns, filters and control characters find nobody', async () => {
      const attempts = [
        '*', 'mik*', 'mika)(uid=*', ')(uid=*', '*)(|(uid=*', 'mika\0', '\0', 'mi\nka', '\\2a', 'mika\\', '\\', '(', '&',
        'uid=mika', 'mika,ou=people', '', 'x'.repeat(201), 'x'.repeat(100_000), 'mika\ud800', '＊',
      ]
      for (const uid of attempts) {
        expect(await lab.directory.find(uid), JSON.stringify(uid.slice(0, 30))).toEqual({ is: 'absent' })
        await expect(lab.directory.login(uid, 'mika-secret')).rejects.toBeInstanceOf(LoginDenied)
      }
    })

    const byMail = (mail: string) => lab.directory.findByMail!(mail)

    test('a member is found by a whole e-mail address, each that is his or hers, whatever its case', async () => {
      for (const mail of ['mika@example.org', 'MIKA@Example.ORG', 'm.lind@example.org']) {
        expect(await byMail(mail), mail).toEqual({ is: 'person', person: await person('mika') })
      }
      expect(await byMail('gone@example.org')).toMatchObject({ is: 'person', person: { uid: 'gone', disabled: true } })
      expect(await byMail('noor@example.org')).toMatchObject({ is: 'person', person: { uid: 'lone' } }) // nobody’s name counts
    })

    test('an e-mail address of several members is nobody’s', async () => {
      expect(await byMail('office@example.org')).toEqual({ is: 'several' })
    })

    test('parts of an e-mail address, patterns, filters and what looks alike find nobody', async () => {
      const attempts = [
        'mika', '@example.org', 'mika@', 'mika@example', 'ika@example.org', 'mika@example.org.', ' mika@example.org', 'mika@example.org ', 'mika @example.org',
        'mik*@example.org', 'mika@*', '*', 'mika@example.org)(uid=*', '*)(mail=mika@example.org', 'mika@example.org\0', 'mi\nka@example.org', '\\2a@example.org', '',
        'mikа@example.org', 'mika@exаmple.org', 'míka@example.org', '＊@example.org', `${'x'.repeat(200)}@example.org`, 'mika@example.org\ud800', 'nobody@example.org',
      ]
      for (const mail of attempts) expect(await byMail(mail), JSON.stringify(mail.slice(0, 30))).toEqual({ is: 'absent' })
      expect(await byMail('*@example.org')).toMatchObject({ is: 'person', person: { uid: people[4].uid } }) // a star is a star
    })

    test('a wrong password, an empty one and an unknown name are denied with the same words', async () => {
      const words = await Promise.all([
        lab.directory.login('mika', 'wrong'), lab.directory.login('nobody', 'mika-secret'), lab.directory.login('mika', '\ud800'),
      ].map((login) => login.catch((error: unknown) => error)))
      for (const error of words) expect(error).toBeInstanceOf(LoginDenied)
      expect(new Set(words.map((error) => (error as Error).message)).size).toBe(1)
      await expect(lab.directory.login('mika', '')).rejects.toBeInstanceOf(LoginDenied)
      await expect(lab.directory.login('', '')).rejects.toBeInstanceOf(LoginDenied)
    })

    test('20 members at once get their own answers', async () => {
      const uids = Array.from({ length: 20 }, (_, n) => people[n % people.length]!.uid)
      const found = await Promise.all(uids.map(person))
      expect(found.map(({ uid }) => uid)).toEqual(uids.map((uid) => uid.toLowerCase()))
    })

    for (const trouble of ['down', 'slow', 'hidden', 'groupsHidden'] as const) {
      test(`a directory that is ${trouble} is unavailable: nobody is absent, nobody is denied, and it comes back`, async () => {
        await lab.cause(trouble)
        try {
          await expect(lab.directory.find('nobody')).rejects.toBeInstanceOf(DirectoryUnavailable)
          await expect(lab.directory.find('mika')).rejects.toBeInstanceOf(DirectoryUnavailable)
          for (const mail of ['mika@example.org', 'nobody@example.org', 'mika']) await expect(byMail(mail), mail).rejects.toBeInstanceOf(DirectoryUnavailable)
          await expect(lab.directory.login('mika', 'mika-secret')).rejects.toBeInstanceOf(DirectoryUnavailable)
          await expect(lab.directory.login('nobody', 'x')).rejects.toBeInstanceOf(DirectoryUnavailable)
        } finally {
          await lab.cause('none')
        }
        expect((await person('mika')).uid).toBe('mika')
      })
    }

    test('a new entry under an old uid has another uuid', async () => {
      const before = await person('lone')
      await lab.replace('lone')
      expect((await person('lone')).uuid).not.toBe(before.uuid)
    })
  })
}
