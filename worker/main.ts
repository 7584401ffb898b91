/** Starts any set of roles: `BERTH_CONFIG=berth.yaml node worker/main.ts`. */
import { enableCompileCache } from 'node:module'
import { compileCache } from './compileCache.ts'

enableCompileCache(compileCache())
await import('./start.ts') // whatever were imported above would be compiled before
