import { chmod, readFile, readdir, writeFile } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { cached, goProgram, type GoProgram } from '../../worker/embedded/goBuild.ts'
import { folder } from './folder.ts'

const cleanUps: (() => Promise<unknown> | unknown)[] = []
afterEach(async () => { for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp() })

function setEnvironment(name: string, value: string): void {
  const before = process.env[name]
  cleanUps.push(() => {
    if (before === undefined) delete process.env[name]
    else process.env[name] = before
  })
  process.env[name] = value
}

/** A `go` first on PATH that does as this script says: a real build would only prove the compiler. */
async function standIn(build: string, version = 'go1.26.8'): Promise<{ program: GoProgram; dir: string }> {
  const { dir, remove } = await folder()
  cleanUps.push(remove)
  await writeFile(join(dir, 'go'), `#!/bin/sh\n[ "$1" = env ] && { echo ${version}; exit; }\necho "$@" >> ${dir}/calls\n${build}\n`)
  await chmod(join(dir, 'go'), 0o755)
  setEnvironment('PATH', `${dir}${delimiter}${process.env['PATH']}`)
  setEnvironment('XDG_CACHE_HOME', join(dir, 'cache'))
  return { dir, program: {
    what: 'answer', version: '42', module: dir, package: '.', target: cached('answer-42', 'answer'), flags: ['-trimpath'], duration: 'a moment',
  } }
}

// `go build -v -mod=readonly -o FILE …`
const writes = 'sleep 0.2; echo 42 > "$5"'

test('a program is built once for this user, also when two ask at once, and is found from then on', async () => {
  const { dir, program } = await standIn(writes)
  const said: string[] = []
  const paths = await Promise.all([goProgram(program, (line) => said.push(line)), goProgram(program)])
  expect(await goProgram(program)).toBe(program.target)
  expect(paths).toEqual([program.target, program.target])
  expect(program.target).toBe(join(dir, 'cache/berth/answer-42/answer'))
  expect(await readFile(program.target, 'utf8')).toBe('42\n')
  expect((await readFile(join(dir, 'calls'), 'utf8')).trim().split('\n')).toHaveLength(1)
  expect(await readdir(dirname(program.target))).not.toContainEqual(expect.stringMatching(/answer\.\d/))
})

test('a build that fails says the last word of the compiler, and leaves no program', async () => {
  const { program } = await standIn('echo half > "$5"; echo "main.go:1: undefined: it" >&2; exit 1')
  await expect(goProgram(program)).rejects.toThrow('The build of the answer failed: main.go:1: undefined: it')
  expect(await readdir(dirname(program.target))).not.toContainEqual(expect.stringMatching(/answer(\.\d.*)?$/))
  await expect(goProgram(program)).rejects.toThrow()
})

test('a Go that is too old is named as missing, beside what would help as well', async () => {
  const { program } = await standIn(writes, 'go1.20.3')
  await expect(goProgram(program)).rejects.toThrow('There is no answer. Put Go 1.21 or later on PATH (https://go.dev/dl), from which Berth builds it.')
  await expect(goProgram({ ...program, instead: '`answer` 42' })).rejects.toThrow('There is no answer. Put `answer` 42, or Go 1.21 or later on PATH')
})
