import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { table, tableOf } from '../../client/commands/table.ts'
import { chatOverview, overview, usage } from '../../client/commands/usage.ts'
import { openapi } from '../../client/gateway/openapi.ts'
import { propose, scripts } from '../../client/terminal/complete.ts'

describe('help', () => {
  test('reads like this', async () => {
    await expect(`${overview(tableOf('terminal'))}\n`).toMatchFileSnapshot('snapshots/help.txt')
    await expect(`${chatOverview(tableOf('chat').filter(({ who }) => who !== 'admin'))}\n`).toMatchFileSnapshot('snapshots/chat.txt')
  })

  test('about each command reads like this', async () => {
    await expect(`${table.map(usage).join('\n\n---\n\n')}\n`).toMatchFileSnapshot('snapshots/usage.txt')
  })
})

describe('completion', () => {
  test.each<[string[], string[]]>([
    [['le'], ['lend']],
    [['re'], ['return', 'resume']],
    [['gateway', 'setup', ''], ['slack', 'mattermost']],
    [['gateway', 'setup', 'slack', '--sig'], ['--signing-secret-file']],
    [['admin', ''], ['board', 'drain', 'end', 'forget', 'recheck', 'retry', 'revoke', 'sweep']],
    [['lend', 'nginx', '--p'], ['--port']],
    [['lend', 'nginx', '--name', 'a', '--n'], []],
    [['lend', 'nginx', '--port', '80', '--p'], ['--port']],
    [['lend', 'nginx', '--command', '--p'], []],
    [['completion', ''], ['bash', 'zsh', 'fish', '--json', '--help']],
    [['help', 'ad'], ['admin']],
    [['help', 'admin', 'bo'], ['board']],
    [['nonsense', ''], []],
  ])('of %j is %j', (words, proposals) => {
    expect(propose(words)).toEqual(proposals)
  })

  describe('in a shell', () => {
    let bin = ''
    beforeAll(() => {
      bin = mkdtempSync(join(tmpdir(), 'berth-complete-'))
      symlinkSync(process.execPath, join(bin, 'node'))
      writeFileSync(join(bin, 'berth'), `#!/bin/sh\nexec "${process.execPath}" "${resolve('client/main.ts')}" "$@"\n`, { mode: 0o755 })
    })
    afterAll(() => rmSync(bin, { recursive: true, force: true }))

    test('bash fills COMPREPLY', () => {
      const asked = spawnSync('bash', ['-c', `${scripts.bash}\nCOMP_WORDS=(berth admin b); COMP_CWORD=2; _berth; echo "\${COMPREPLY[@]}"`], {
        encoding: 'utf8', env: { ...process.env, PATH: `${bin}:${process.env['PATH'] ?? ''}` },
      })
      expect(asked.stdout.trim()).toBe('board')
    })
  })
})

describe('the OpenAPI description', () => {
  const description = openapi('1') as { paths: Record<string, { post?: { requestBody: { content: { 'application/json': { schema: { required: string[]; properties: Record<string, unknown> } } } } } }> }

  test('has every command that the gateway runs, with its arguments', () => {
    for (const command of table.filter((one) => one.run)) {
      const schema = description.paths[`/v1/commands/${command.name.replaceAll(' ', '/')}`]?.post?.requestBody.content['application/json'].schema
      expect(Object.keys(schema?.properties ?? {})).toEqual(Object.keys(command.arguments))
    }
    expect(description.paths['/v1/commands/lend']?.post?.requestBody.content['application/json'].schema.required).toEqual(['image'])
  })

  test('is plain JSON', () => {
    expect(JSON.parse(JSON.stringify(description))).toEqual(description)
  })
})
