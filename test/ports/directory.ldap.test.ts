import { expect, onTestFinished, test } from 'vitest'
import { createLdapDirectory } from '../../activities/ldap/directory.ts'
import { DirectoryUnavailable, type Directory } from '../../workflows/ports.ts'
import { describeDirectory } from './directory.suite.ts'
import { dnOf, personEntry, startLab } from './ldap/lab.ts'

for (const groups of ['search', 'memberOf'] as const) {
  describeDirectory(`slapd, groups by ${groups}`, async () => {
    const lab = await startLab()
    const patient = createLdapDirectory(lab.options({ groups }))
    let directory: Directory = patient
    return {
      get directory() { return directory },
      async cause(trouble) {
        directory = patient
        if (trouble === 'none') {
          lab.thaw()
          await lab.kill()
          await lab.start()
        }
        if (trouble === 'down') await lab.kill()
        if (trouble === 'slow') {
          lab.freeze()
          directory = createLdapDirectory(lab.options({ groups, deadlineMs: 500 }))
        }
        if (trouble === 'hidden') directory = createLdapDirectory(lab.options({ groups }, 'blind'))
        if (trouble === 'groupsHidden') {
          directory = createLdapDirectory(groups === 'search'
            ? lab.options({ groups }, 'groupblind')
            : lab.options({ groups, groupBase: 'ou=elsewhere,dc=univ,dc=example' }))
        }
      },
      async replace(uid) {
        await lab.modify(`dn: ${dnOf(uid)}\nchangetype: delete\n\n` + personEntry({ uid }))
      },
      stop: () => lab.stop(),
    }
  })
}

test('a directory that finds by an address, and does not show it, proves nothing by it', async () => {
  const lab = await startLab()
  onTestFinished(() => lab.stop())
  const directory = createLdapDirectory(lab.options({}, 'mailblind'))
  expect(await directory.find('mika')).toMatchObject({ is: 'person' })
  await expect(directory.findByMail('mika@example.org')).rejects.toThrow(DirectoryUnavailable)
  expect(await directory.findByMail('nobody@example.org')).toEqual({ is: 'absent' })
})

test('an answer that was cut off proves nothing: there may be a second one of the same address', async () => {
  const lab = await startLab()
  onTestFinished(() => lab.stop())
  const directory = createLdapDirectory(lab.options({}, 'tiny'))
  await expect(directory.findByMail('office@example.org')).rejects.toThrow(DirectoryUnavailable)
  expect(await directory.findByMail('gone@example.org')).toMatchObject({ is: 'person' })
})
