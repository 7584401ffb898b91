import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { readPolicy } from '../../activities/policy/read.ts'
import { defaultClocks } from '../../workflows/rules/clocks.ts'

const good = `
images:
  web: { reference: "nginx:1.27", ports: [80], about: A page }
  "python:*": { ports: [8888] }
sites:
  campus: { zone: campus.example.org, hosts: [alpha] }
  lab: { zone: lab.example.org, hosts: [beta], ttl: 1m, negativeTtl: 2m }
groups:
  Students: { images: [web] }
  staff: { images: ["python:*", "redis:7", web], sites: [lab], idle: { notice: 1h, pause: 2h, delete: 3d } }
`

function read(text: string) {
  const found = readPolicy(text)
  if ('problems' in found) throw new Error(found.problems.join('\n'))
  return found
}

function problems(text: string): readonly string[] {
  const found = readPolicy(text)
  return 'problems' in found ? found.problems : []
}

describe('reading a policy', () => {
  test('the demo policy is right, lends both images and has the default clocks', () => {
    const { terms } = read(readFileSync('worker/demo/policy.yaml', 'utf8'))
    expect(terms.groups.map(({ name }) => name)).toEqual(['students', 'staff', 'admins'])
    expect(terms.images).toMatchObject([
      { name: 'web', reference: 'berth-demo/web:1', ports: [80] }, { name: 'tools', reference: 'berth-demo/tools:1' },
    ])
    expect(terms.sites).toMatchObject([{ name: 'campus', zone: 'campus.berth.test', hosts: ['demo'] }])
    expect(terms.clocks).toEqual(defaultClocks)
    expect(terms.admins).toEqual(['admins'])
  })

  test('what a group leaves out comes from defaults, then from what is built in', () => {
    const { terms: { groups: [students, staff] } } = read(good + 'defaults: { memory: 1Gi, count: 3 }\n')
    expect(students).toMatchObject({
      name: 'students', cpu: 1, memory: 1024 ** 3, count: 3, totalCpu: 3, totalMemory: 3 * 1024 ** 3, restart: 'never',
      defaultMs: 7_200_000, longestMs: 28_800_000, extend: { capMs: 28_800_000 }, sites: ['campus', 'lab'], warnMs: [900_000, 300_000],
    })
    expect(students!.idle).toBeUndefined()
    expect(staff!.idle).toEqual({ noticeMs: 3_600_000, pauseMs: 7_200_000, deleteMs: 259_200_000, cpuShare: 0.01 })
    expect(staff!.images).toEqual([
      { name: 'python:*', ports: [8888] }, { name: 'redis:7', reference: 'redis:7' },
      { name: 'web', reference: 'nginx:1.27', ports: [80] },
    ])
  })

  test('a shorter longest shortens a default that nobody wrote', () => {
    expect(read(good + 'defaults: { longest: 30m }\n').terms.groups[0]).toMatchObject({ defaultMs: 1_800_000, longestMs: 1_800_000 })
  })

  test('clocks may be set one by one', () => {
    expect(read(good + 'clocks: { check: 2s }\n').terms.clocks).toEqual({ ...defaultClocks, checkMs: 2000 })
  })

  test('a site may say what leases do whose host drains, in one of two words', () => {
    const saying = (drain: string) => good.replace('hosts: [alpha]', `hosts: [alpha], drain: ${drain}`)
    expect(read(good).terms.sites.map(({ drain }) => drain)).toEqual([undefined, undefined])
    for (const drain of ['stay', 'move']) expect(read(saying(drain)).terms.sites).toMatchObject([{ drain }, {}])
    expect(problems(saying('leave'))).toEqual(['line 6: sites.campus.drain: must be stay or move.'])
  })

  test('groups, images and sites may say what they want of a cluster', () => {
    const { terms } = read(good
      .replace('ports: [80], about', 'ports: [80], on: kubernetes, about').replace('hosts: [alpha]', 'hosts: [alpha], ingressClass: nginx')
      .replace('Students: { images: [web] }', 'Students: { images: [web], gpu: 2, on: [kubernetes], security: baseline }') + 'clocks: { roomAgain: 10s }\n')
    expect(terms.groups[0]).toMatchObject({ gpu: 2, on: ['kubernetes'], security: 'baseline' })
    for (const field of ['gpu', 'on', 'security']) expect(terms.groups[1]).not.toHaveProperty(field)
    expect(terms.images).toMatchObject([{ on: 'kubernetes' }, {}])
    expect(terms.groups[0]!.images).toMatchObject([{ name: 'web', on: 'kubernetes' }])
    expect(terms.sites).toMatchObject([{ ingressClass: 'nginx' }, {}])
    expect(terms.clocks.roomAgainMs).toBe(10_000)
    const defaulted = read(`${good}defaults: { gpu: 1, security: baseline, on: [docker] }\n`).terms.groups
    expect(defaulted).toMatchObject([{ gpu: 1, security: 'baseline', on: ['docker'] }, { gpu: 1, security: 'baseline', on: ['docker'] }])
    expect(problems(good.replace('images: [web] }', 'images: [web], gpu: -1, on: [podman], security: none }'))).toEqual([
      'line 9: groups.Students.gpu: must be a whole number of GPUs from 0 to 10000.',
      'line 9: groups.Students.on[1]: must be docker or kubernetes.',
      'line 9: groups.Students.security: must be restricted or baseline.',
    ])
    expect(problems(good.replace('images: [web] }', 'images: [web], on: [] }'))).toEqual(['line 9: groups.Students.on: lists no kind of host.'])
    expect(problems(good.replace('hosts: [alpha]', 'hosts: [alpha], ingressClass: -x'))).toEqual(['line 6: sites.campus.ingressClass: must be the name of an ingress class such as nginx.'])
  })

  test('comments and spacing do not change the digest, content does', () => {
    const { digest } = read(good)
    expect(digest).toMatch(/^[0-9a-f]{64}$/)
    expect(read('# hello\n' + good.replaceAll('{ ', '{   ')).digest).toBe(digest)
    expect(read(good.replace('1.27', '1.28')).digest).not.toBe(digest)
  })

  test('all problems are told at once, each with its line, in the order of the file', () => {
    expect(problems(`admin: x
groups:
  students:
    imges: [web]
    cpu: lots
    memory: 5
    images: [wbe, 'PY*', nginx]
    sites: [camps]
    idle: { notice: 2h, pause: 1h, dlete: 3d }
    warn: 5m
  staff: 7
  teachers: { default: 9h, longest: 3h, totalCpu: 0.5, extend: { cap: 1h }, images: [web], idle: { notice: 2h, pause: 1h, delete: 1d } }
images:
  web: { ports: [80, 99999], reference: "--rm" }
  "a*": { reference: x }
sites:
  campus: { zone: X., hosts: [] }
  other: { hosts: [a, a], zone: a.b }
clocks: { recheck: 0s, hostLost: 1m, chek: 1m }
`)).toMatchInlineSnapshot(`
  [
    "line 1: admin: is not known here. Did you mean "admins"?",
    "line 4: groups.students.imges: is not known here. Did you mean "images"?",
    "line 5: groups.students.cpu: must be a number of cores such as 0.5 or 2.",
    "line 6: groups.students.memory: must be an amount of memory such as 512Mi, 1Gi or 512MB.",
    "line 7: groups.students.images[1]: "wbe" is not under images, and is neither a pattern such as "python:*" nor a full reference such as nginx:1.27.",
    "line 7: groups.students.images[2]: "PY*" is not under images, and is neither a pattern such as "python:*" nor a full reference such as nginx:1.27.",
    "line 7: groups.students.images[3]: "nginx" is not under images, and is neither a pattern such as "python:*" nor a full reference such as nginx:1.27.",
    "line 8: groups.students.sites[1]: "camps" is not under sites. Did you mean "campus"?",
    "line 9: groups.students.idle.delete: is needed: a duration above zero, such as 2h30m.",
    "line 9: groups.students.idle.dlete: is not known here. Did you mean "delete"?",
    "line 10: groups.students.warn: must be a list of durations such as [30m, 5m].",
    "line 11: groups.staff: must be a mapping of keys to values.",
    "line 12: groups.teachers.default: must not be more than longest, 3 h.",
    "line 12: groups.teachers.extend.cap: must not be less than longest, 3 h.",
    "line 12: groups.teachers.totalCpu: must not be less than cpu, or nothing could be lent.",
    "line 12: groups.teachers.idle.notice: must not be more than pause: the notice comes first.",
    "line 14: images.web.reference: must be an image reference such as nginx:1.27, in lower case.",
    "line 14: images.web.ports[2]: must be a port from 1 to 65535.",
    "line 15: images.a*.reference: cannot stand in a pattern, which stands for itself.",
    "line 17: sites.campus.zone: must be a DNS zone such as campus.example.org, without a dot at its end.",
    "line 17: sites.campus.hosts: lists no host.",
    "line 18: sites.other.hosts[2]: a is listed at other already; a host is at one site.",
    "line 19: clocks.recheck: must be a duration above zero, such as 2h30m.",
    "line 19: clocks.chek: is not known here. Did you mean "check"?",
  ]
`)
  })

  test('a group with no image, twice or without rights to a lease of its own size is wrong', () => {
    expect(problems(good.replace('images: [web] }', 'images: [] }')).join()).toContain('may lend no image')
    expect(problems(good + '  STUDENTS: { images: [web] }\n').join()).toContain('is there twice')
    expect(problems(good + '  small: { images: [web], memory: 1Gi, totalMemory: 512Mi }\n').join()).toContain('totalMemory: must not be less')
  })

  test.each([
    ['', 'empty'], ['# only a comment', 'empty'], ['a: b: c', 'line 1'], ['groups: [x', 'line 1'], ['a: 1\na: 2', 'line 2'], ['- 1', 'mapping'],
    ['just words', 'mapping'], ['groups: 5', 'mapping'], ['null', 'empty'], ['\0', 'line 1'], ['x'.repeat(2 ** 20 + 1), '1 MiB'],
    ['a: &a [x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]', 'alias'],
    ['__proto__: { polluted: 1 }', 'not known'], ['groups: { __proto__: { images: [toString] } }', 'toString'],
  ])('%j is no policy, and nothing is thrown', (text, says) => {
    expect(problems(text).join(' ').toLowerCase()).toContain(says.toLowerCase())
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })
})
