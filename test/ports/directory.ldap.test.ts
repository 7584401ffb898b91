import { createLdapDirectory } from '../../activities/ldap/directory.ts'
import type { Directory } from '../../workflows/ports.ts'
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
