/** The directory of demo and tests, before it is in any server: people, groups, and a canary of each. */

export interface Person {
  readonly uid: string
  readonly password: string
  readonly cn?: string
  readonly mail?: string
  /** More attributes, and `objectClass` if they need one besides inetOrgPerson. */
  readonly more?: Readonly<Record<string, string | readonly string[]>>
}

export interface Group {
  readonly cn: string
  /** uids of people. */
  readonly members: readonly string[]
}

export interface Tree {
  readonly base: string
  /** May read everything but passwords. */
  readonly bindDn: string
  readonly bindPassword: string
  readonly peopleBase: string
  readonly groupsBase: string
  /** Always there: an absence counts only in a conversation that found these. */
  readonly canary: { readonly uid: string; readonly group: string; readonly personDn: string; readonly groupDn: string }
  personDn(uid: string): string
  groupDn(cn: string): string
}

const base = 'dc=example,dc=org'
const peopleBase = `ou=people,${base}`, groupsBase = `ou=groups,${base}`
const personDn = (uid: string) => `uid=${escapeDn(uid)},${peopleBase}`
const groupDn = (cn: string) => `cn=${escapeDn(cn)},${groupsBase}`
const canary = { uid: 'berth-canary', group: 'berth-canary' }

export const tree: Tree = {
  base, peopleBase, groupsBase, personDn, groupDn,
  bindDn: `cn=berth,${base}`, bindPassword: 'reads-only',
  canary: { ...canary, personDn: personDn(canary.uid), groupDn: groupDn(canary.group) },
}

export interface Entry {
  readonly dn: string
  readonly attributes: Readonly<Record<string, string | readonly string[]>>
}

/** Entries in the order in which they have to be added: people before groups, for memberOf follows the groups. */
export function entriesOf(people: readonly Person[], groups: readonly Group[]): Entry[] {
  const everybody = [...people, { uid: canary.uid, password: 'nobody-logs-in-with-this' }]
  const all = [...groups, { cn: canary.group, members: [canary.uid] }]
  const [, dc] = /^dc=([^,]+)/.exec(base)!
  return [
    { dn: base, attributes: { objectClass: ['dcObject', 'organization'], dc: dc!, o: 'Example' } },
    { dn: peopleBase, attributes: { objectClass: 'organizationalUnit', ou: 'people' } },
    { dn: groupsBase, attributes: { objectClass: 'organizationalUnit', ou: 'groups' } },
    { dn: tree.bindDn, attributes: { objectClass: ['organizationalRole', 'simpleSecurityObject'], cn: 'berth', userPassword: tree.bindPassword } },
    ...everybody.map(personEntry),
    ...all.map(({ cn, members }) => ({
      dn: groupDn(cn),
      // A group needs one member; the base itself stands in for none.
      attributes: { objectClass: 'groupOfNames', cn, member: members.length ? members.map(personDn) : [base] },
    })),
  ]
}

export function personEntry(person: Person): Entry {
  const { objectClass, ...more } = person.more ?? {}
  return {
    dn: personDn(person.uid),
    attributes: {
      objectClass: ['inetOrgPerson', ...[objectClass ?? []].flat()],
      uid: person.uid, cn: person.cn ?? person.uid, sn: person.cn ?? person.uid, userPassword: person.password,
      mail: person.mail ?? `${encodeURIComponent(person.uid)}@example.org`, ...more,
    },
  }
}

/** LDIF with every value in base64, so that no value can break a line. */
export function ldifOf(entries: readonly Entry[]): string {
  const line = (name: string, value: string) => `${name}:: ${Buffer.from(value).toString('base64')}`
  return entries.map(({ dn, attributes }) => [
    line('dn', dn), 'changetype: add',
    ...Object.entries(attributes).flatMap(([name, value]) => [value].flat().map((one) => line(name, one as string))),
  ].join('\n')).join('\n\n') + '\n'
}

/** RFC 4514, section 2.4. */
function escapeDn(value: string): string {
  return value.replace(/[\\",+<>;=]/g, '\\$&').replace(/^[ #]| $/g, '\\$&')
}
