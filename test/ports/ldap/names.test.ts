import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isSendable } from '../../../activities/ldap/directory.ts'
import { isDisabled, knownMarks } from '../../../activities/ldap/disabled.ts'
import { isUnder, nameInDn, writeDn } from '../../../activities/ldap/dn.ts'

describe('distinguished names', () => {
  test('whatever a value holds, it comes back from its DN, and adds no part', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (value) => {
      const dn = writeDn([[{ name: 'uid', value }], [{ name: 'ou', value: 'people' }]])
      expect(nameInDn(dn)).toBe(value)
      expect(dn.endsWith(',ou=people')).toBe(true)
      expect(dn.slice(0, -',ou=people'.length)).not.toMatch(/[,+;"<>]/)
      expect(isUnder(dn, 'OU=People')).toBe(true)
    }))
  })

  test('parts joined by + and values that came as bytes stay as they are', () => {
    expect(writeDn([[{ name: 'cn', value: 'a' }, { name: 'sn', value: 'b' }], [{ name: 'o', value: { hex: '0401' } }]])).toBe('cn=a+sn=b,o=#0401')
  })

  test.each([
    ['cn=students,ou=groups', 'students'], ['cn=lab\\2c night,ou=x', 'lab, night'], ['cn=lab\\, night', 'lab, night'], ['CN=\\e5\\a4\\aa', '太'],
    ['cn=a+sn=b', 'a'], ['cn=', ''], ['', ''], ['nonsense', ''],
  ])('the name in %j is %j', (dn, name) => expect(nameInDn(dn)).toBe(name))

  test('a base is not its own member, and case and spaces do not count', () => {
    expect(isUnder('cn=a, OU=Groups,dc=x', 'ou=groups, DC=x')).toBe(true)
    expect(isUnder('ou=groups,dc=x', 'ou=groups,dc=x')).toBe(false)
    expect(isUnder('cn=a,ou=moregroups,dc=x', 'ou=groups,dc=x')).toBe(false)
  })

  test('a uid is sendable unless empty, too long, broken or with control characters', () => {
    expect(['mika', '太郎', 'a b', '*', 'x'.repeat(200)].map(isSendable)).toEqual([true, true, true, true, true])
    expect(['', 'x'.repeat(201), 'a\0', 'a\n', 'a\u0085', 'a\ud800'].map(isSendable)).toEqual([false, false, false, false, false, false])
  })
})

describe('disabled accounts', () => {
  const now = Date.UTC(2026, 10, 28), entry = (attribute: string, ...values: string[]) =>
    ({ values: (asked: string) => (asked.toLowerCase() === attribute.toLowerCase() ? values : []) })
  test.each([
    ['pwdAccountLockedTime', '000001010000Z', true], ['pwdAccountLockedTime', '20261128000000Z', false],
    ['nsAccountLock', 'TRUE', true], ['nsAccountLock', 'false', false], ['loginDisabled', 'TRUE', true],
    ['userAccountControl', '514', true], ['userAccountControl', '512', false], ['userAccountControl', 'x', false],
    ['accountExpires', '0', false], ['accountExpires', '9223372036854775807', false],
    ['accountExpires', '133000000000000000', true], ['accountExpires', '140000000000000000', false],
    ['shadowExpire', '-1', false], ['shadowExpire', '0', false], ['shadowExpire', '20000', true], ['shadowExpire', '99999', false], ['shadowExpire', '', false],
  ])('%s %j: %j', (attribute, value, disabled) => expect(isDisabled(entry(attribute, value), knownMarks, now)).toBe(disabled))

  test('an entry that shows none of them is not disabled', () => expect(isDisabled(entry('cn', 'x'), knownMarks, now)).toBe(false))
})
