/** Writes the closing line that `.ci/run` prints last: `N passed, N failed`, from vitest's own results. */
import { writeFileSync } from 'node:fs'
import type { Reporter, TestModule } from 'vitest/node'

export class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    let passed = 0, failed = errors.length
    const second: string[] = []
    for (const module of modules) {
      const tests = [...module.children.allTests()]
      passed += tests.filter((test) => test.result().state === 'passed').length
      failed += tests.filter((test) => test.result().state === 'failed').length
      second.push(...tests.filter((test) => test.diagnostic()?.flaky).map((test) => `${module.relativeModuleId} > ${test.fullName}`))
      // A file that cannot be loaded has no tests to fail.
      if (module.state() === 'failed' && !tests.some((test) => test.result().state === 'failed')) failed++
    }
    // A try that was needed twice is not hidden: it stands above the closing line, to be looked into.
    for (const name of second) console.log(`passed at the second try only: ${name}`)
    const file = process.env['BERTH_CLOSING_LINE']
    if (file) writeFileSync(file, `${passed} passed, ${failed} failed\n`)
  }
}
