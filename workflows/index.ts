/** What can be started by name: workflow functions only. */
export { account } from './account.ts'
export { lease } from './lease.ts'
export { site } from './site.ts'
export { watch } from './watch.ts'
export { sweep } from './sweep.ts'
export { link } from './link.ts'
