import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { findImage, isPattern, isReference } from '../../workflows/rules/images.ts'

const mine = {
  images: [
    { name: 'web', reference: 'nginx:1.27', ports: [80], command: ['run'] }, { name: 'python:*', ports: [8888] }, { name: 'lab.example:5000/*/x:*' },
  ],
  catalog: ['web', 'python:*', 'lab.example:5000/*/x:*', 'secret', 'cuda:*'],
}

describe('which image a name means', () => {
  test('an alias means its reference, ports and command', () => {
    expect(findImage(mine, 'web')).toEqual({ reference: 'nginx:1.27', ports: [80], command: ['run'] })
  })

  test('a pattern lends what was typed', () => {
    expect(findImage(mine, 'python:3.13')).toEqual({ reference: 'python:3.13', ports: [8888] })
    expect(findImage(mine, 'python')).toEqual({ reference: 'python', ports: [8888] })
    expect(findImage(mine, 'lab.example:5000/team/x:2')).toEqual({ reference: 'lab.example:5000/team/x:2', ports: [] })
  })

  test('an image of another group is not allowed; one of nobody is unknown', () => {
    expect(findImage(mine, 'secret')).toBe('notAllowed')
    expect(findImage(mine, 'cuda:12')).toBe('notAllowed')
    expect(findImage(mine, 'nginx:1.27')).toBe('unknown')
    expect(findImage(mine, 'moon')).toBe('unknown')
  })

  test.each([
    '--privileged', '-v', 'python:*', '*', '', 'Python:3', 'python:3 --rm', 'python:3\n', 'python:3;x', '../python:3', '/etc', 'http://x/y', 'python:',
    ':3', 'a//b', 'python:3/../../x', 'パイソン:3', 'python:' + 'x'.repeat(129), 'x'.repeat(256), 'python:-x', 'python@sha256:12', '$(x)', '.hidden', 'a..b',
  ])('%j means none', (typed) => expect(findImage(mine, typed)).toBe('unknown'))

  test('a star passes neither a slash nor a digest', () => {
    expect(findImage(mine, 'lab.example:5000/a/b/x:2')).toBe('unknown')
    expect(findImage(mine, 'python:3@sha256:' + 'a'.repeat(64))).toBe('unknown')
    expect(findImage(mine, 'other/python:3')).toBe('unknown')
  })

  test.each(['nginx', 'nginx:1.27', 'ghcr.io/a/b-c_d/e:V1', 'localhost:5000/x', 'berth-demo/web:1', 'a@sha256:' + '0'.repeat(64), 'a__b/c'])(
    '%j is a reference', (text) => expect(isReference(text)).toBe(true))

  test('a pattern cannot stand for everything', () => {
    expect(['*', '**', '*/x', 'a/**', 'A*', '-*'].map(isPattern)).toEqual([false, false, false, false, false, false])
    expect(['python:*', 'team/*:1', 'py*:3.*'].map(isPattern)).toEqual([true, true, true])
  })

  test('no typed text ever becomes an option, and none takes long', () => {
    const typed = fc.oneof(fc.string(), fc.stringMatching(/^[a-z0-9:/@.*_-]{0,80}$/), fc.constant('a-'.repeat(120) + '!'), fc.constant('a'.repeat(254) + '_'))
    fc.assert(fc.property(typed, (text) => {
      const found = findImage({ images: [{ name: 'a*b*c:*' }], catalog: [] }, text)
      if (typeof found === 'object') expect(found.reference).toMatch(/^[a-z0-9][A-Za-z0-9:/@._-]*$/)
    }))
  })
})
