import { defineConfig } from 'vitest/config'
import { ClosingLine } from './test/closing.ts'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/setup.ts'],
    reporters: ['default', new ClosingLine()],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // Real servers on a shared machine of two cores: CI tries a failed test once more, and says so (test/closing.ts).
    retry: process.env['CI'] ? 1 : 0,
    dangerouslyIgnoreUnhandledErrors: false,
  },
})
