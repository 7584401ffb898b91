import { describe, expect, test } from 'vitest'
import { parseLine, plain, splitLine } from '../../client/commands/line.ts'
import { parse } from '../../client/commands/parse.ts'
import { readArguments } from '../../client/commands/read.ts'
import { lend } from '../../client/commands/lend.ts'
import { hold } from '../../client/commands/hold.ts'
import { tableOf } from '../../client/commands/table.ts'

const given = (line: string) => {
  const parsed = parseLine(line)
  if ('refusal' in parsed) throw new Error(parsed.refusal.sentence)
  return { name: parsed.command.name, args: parsed.args }
}
const refusal = (line: string) => {
  const parsed = parseLine(line)
  return 'refusal' in parsed ? parsed.refusal : undefined
}

describe('a chat line', () => {
  test('with dashes and quotes that a phone bent means what was meant', () => {
    expect(given('lend nginx —for 2h --name “web”\u00a0–port 80')).toEqual({
      name: 'lend', args: expect.objectContaining({ image: 'nginx', for: 7_200_000, name: 'web', port: [80] }) as unknown,
    })
    expect(plain('a—b ‘c’')).toBe("a—b 'c'")
  })

  test('keeps quoted words together, also behind a =', () => {
    expect(splitLine('a "b c" \'d e\' --env=GREETING="hello world"')).toEqual(['a', 'b c', 'd e', '--env=GREETING=hello world'])
  })

  test.each(['lend nginx --name "unbalanced', 'lend "', "status it's", 'lend nginx --env "A=\'b'])('with an open quote is refused: %s', (line) => {
    expect(refusal(line)).toMatchObject({ kind: 'badQuotes', sentence: expect.stringContaining('close it') as unknown })
  })

  test('has no flags of the terminal', () => {
    expect(refusal('list --json')?.kind).toBe('badLine')
    expect(refusal('list --gateway http://evil')?.kind).toBe('badLine')
  })

  test('that is too long is refused', () => {
    expect(refusal(`lend ${'a'.repeat(9000)}`)?.kind).toBe('badLine')
  })

  test('has no meaning of a shell', () => {
    expect(refusal('lend $HOME')?.kind).toBe('unknownImage')
    expect(refusal('lend nginx; rm -rf *')?.kind).toBe('badLine')
    expect(given('lend nginx --command sh -c "rm -rf $HOME; echo"').args['command']).toEqual(['sh', '-c', 'rm -rf $HOME; echo'])
  })

  test('with newlines is one line', () => {
    expect(given('lend nginx\n--for\n2h').args['for']).toBe(7_200_000)
  })

  test('cannot pollute a prototype', () => {
    expect(refusal('lend nginx --__proto__.polluted 1')?.kind).toBe('badLine')
    expect(refusal('lend nginx --constructor 1')?.kind).toBe('badLine')
    expect(refusal('__proto__')?.kind).toBe('badLine')
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  })

  test('never says a code fence back', () => {
    expect(refusal('lend ```')?.sentence).not.toContain('```')
  })
})

describe('lend', () => {
  test('takes a kind of host and whole GPUs, as a word and a number', () => {
    expect(given('lend trainer --on kubernetes --gpu 2').args).toMatchObject({ on: 'kubernetes', gpu: 2 })
    expect(readArguments(lend, { image: 'trainer', on: 'docker', gpu: 1 })).toMatchObject({ value: { on: 'docker', gpu: 1 } })
    expect(given('lend trainer').args).toMatchObject({ on: undefined, gpu: undefined })
  })
})

describe('a line', () => {
  test.each([
    ['lend nginx --on podman', 'badLine', '“podman” is none of docker, kubernetes; write one of them.'],
    ['lend nginx --gpu 0', 'badLine', 'GPUS is a whole number from 1 to 10000, and “0” is not; write it like 1.'],
    ['lend nginx --gpu 0.5', 'badLine', 'write it like 1.'],
    ['lend nginx --gpu -1', 'badLine', 'write it like 1.'],
    ['lend nginx --gpus 1', 'badLine', 'did you mean --gpu?'],
    ['lend', 'badLine', 'berth lend nginx'],
    ['lned nginx', 'badLine', 'did you mean lend?'],
    ['admin bord', 'badLine', 'did you mean admin board?'],
    ['admin', 'badLine', 'board, drain, end, forget, recheck, retry, revoke, sweep'],
    ['lend nginx --prot 80', 'badLine', 'did you mean --port?'],
    ['lend nginx two', 'badLine', 'one word too many'],
    ['lend nginx --name ""', 'badLine', '--name is empty'],
    ['lend ""', 'badLine', 'IMAGE is empty'],
    ['lend nginx --name', 'badLine', '--name needs NAME, like --name web'],
    ['lend nginx --for --name web', 'badLine', '--for needs DURATION'],
    ['lend nginx --name a --name b', 'badLine', 'twice'],
    ['lend nginx --command', 'badLine', '--command needs'],
    ['list --over=1', 'badLine', 'takes no value'],
    ['lend nginx --name Web', 'badName', 'like my-web'],
    ['lend nginx --name www', 'nameReserved', 'reserved word'],
    ['lend nginx --port 0', 'badPort', '1 to 65535'],
    ['lend nginx --port 70000', 'badPort', '1 to 65535'],
    ['lend nginx --port 1e3', 'badPort', '1 to 65535'],
    ['lend nginx --port 80 --port 80', 'badPort', 'twice'],
    ['lend nginx --env GREETING', 'badEnv', '--env GREETING=hello'],
    ['lend nginx --env 1A=b', 'badEnv', 'begins with no digit'],
    ['lend nginx --env A=b --env A=c', 'badEnv', 'twice'],
    ['lend nginx --cpu many', 'badLine', 'like 0.5'],
    ['lend nginx --memory 512', 'badLine', 'like 512Mi'],
    ['lend 日本', 'unknownImage', 'like nginx:1.27'],
    ['logs web --lines 5000', 'badLine', '1 to 1000'],
    ['completion bash', 'badLine', 'for a terminal'],
    ['quiet soon', 'badDuration', '22:00-07:00'],
    ['hold web --reason x --until 2026-02-31', 'badDuration', 'like 2027-01-31'],
    ['hold web --for 2d', 'badLine', '--reason'],
  ])('%s is refused as %s and says the next step', (line, kind, next) => {
    expect(refusal(line)).toMatchObject({ kind, sentence: expect.stringContaining(next) as unknown })
  })

  test.each(['1,5h', '2', '-5m', '2h foo', '1M', '3mo', '1e9h', 'soon', '2hh', '2時間', '７日', '2H', 'PT2H', '0h'])('--for "%s" is no length of time', (text) => {
    expect(refusal(`lend nginx --for "${text}"`)).toMatchObject({ kind: 'badDuration', sentence: expect.stringContaining('2h30m') as unknown })
  })

  test.each([['2h', 7_200_000], ['2h30m', 9_000_000], ['2h 30m', 9_000_000], ['1.5h', 5_400_000], ['1 day', 86_400_000]])('--for "%s" is %i ms', (text, ms) => {
    expect(given(`lend nginx --for "${text}"`).args['for']).toBe(ms)
  })

  test('a forgotten = does not show what may be a secret', () => {
    expect(refusal('lend nginx --env hunter2')?.sentence).not.toContain('hunter2')
  })

  test('flags may stand before, behind and glued to their value; -- ends them', () => {
    const one = parse(['--json', 'lend', '--port=80', 'nginx', '--port', '81', '--gateway', 'https://b.example'])
    expect(one).toMatchObject({ command: { name: 'lend' }, args: { image: 'nginx', port: [80, 81] }, globals: { json: true, gateway: 'https://b.example' } })
    expect(parse(['status', '--', 'web'])).toMatchObject({ args: { lease: 'web' } })
  })

  test('what follows --command belongs to the container, even what looks like our own flags', () => {
    expect(parse(['lend', 'x', '--command', 'sh', '--json', '--help', '']))
      .toMatchObject({ args: { command: ['sh', '--json', '--help', ''] }, globals: { json: false, help: false } })
  })

  test.each([[['help', 'lend']], [['lend', '--help']], [['lend', '-h']]])('%j asks for help about lend', (words) => {
    expect(parse(words)).toMatchObject({ command: { name: 'help' }, args: { command: ['lend'] } })
  })

  test('without a word is help', () => {
    expect(parse([])).toMatchObject({ command: { name: 'help' } })
  })
})

describe('a JSON body', () => {
  test('is read by the same rules', () => {
    expect(readArguments(lend, { image: 'nginx', for: '2h', port: [80, '81'], env: { A: 'b=c' }, cpu: 0.5, command: ['sleep', '1'] })).toEqual({
      value: expect.objectContaining({ image: 'nginx', for: 7_200_000, port: [80, 81], env: { A: 'b=c' }, cpu: 0.5, command: ['sleep', '1'] }) as unknown,
    })
    expect(readArguments(lend, { image: 'nginx', env: ['A=b'] })).toMatchObject({ value: { env: { A: 'b' } } })
  })

  test.each<[string, Record<string, unknown>]>([
    ['an object for a word', { image: { $ne: 1 } }],
    ['a list for a word', { image: ['nginx'] }],
    ['a word for a switch', { image: 'nginx', port: [true] }],
    ['an unknown argument', { image: 'nginx', privileged: true }],
    ['a number that is none', { image: 'nginx', cpu: Number.NaN }],
    ['a nested variable', { image: 'nginx', env: { A: { b: 1 } } }],
    ['nothing at all', {}],
    ['a prototype', JSON.parse('{"image":"nginx","__proto__":{"polluted":1}}') as Record<string, unknown>],
  ])('with %s is refused', (_what, body) => {
    expect(readArguments(lend, body)).toMatchObject({ refusal: { kind: 'badLine' } })
  })

  test('takes true and false for a switch, and null for nothing', () => {
    expect(readArguments(hold, { lease: 'web', reason: 'x', for: '2d', until: null })).toMatchObject({ value: { for: 172_800_000, until: undefined } })
  })
})

test.each(['terminal', 'chat'] as const)('every example of the table parses in a %s', (where) => {
  for (const command of tableOf(where)) {
    for (const example of command.examples) {
      const parsed = parse(splitLine(example.replace(/ [<>] .*$/, ''))!, where)
      expect('command' in parsed ? parsed.command.name : parsed.refusal.sentence).toBe(command.name)
    }
  }
})

test('in a terminal a value that is none of the choices is told them, and what is for a chat says so', () => {
  expect(parse(['completion', 'tcsh'])).toMatchObject({ refusal: { sentence: expect.stringContaining('bash, zsh, fish') as unknown } })
  expect(parse(['link'])).toMatchObject({ refusal: { sentence: 'berth link is for a chat; berth help lists what there is here.' } })
})
