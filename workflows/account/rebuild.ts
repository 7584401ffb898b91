/** The ledger can be rebuilt: an account's books from the leases that are open. */
import { proxyActivities } from '@temporalio/workflow'
import type { CoreSteps, OpenLease } from '../steps.ts'
import type { Held } from '../terms.ts'
import { heartbeated } from '../timeouts.ts'
import type { Books } from './books.ts'
import { learnLinks } from './links.ts'

const { openLeases } = proxyActivities<CoreSteps>({ ...heartbeated, startToCloseTimeout: '2m', summary: 'Which leases of this member are open?' })

export async function rebuild(books: Books): Promise<void> {
  const { leases, links } = await openLeases({ member: books.member }, [])
  for (const lease of leases) books.held[lease.key] ??= heldOf(lease)
  await learnLinks(books, links)
}

/** Since the last look: what is open and unknown is entered; what is known and missed twice in a row is closed. */
export async function compare(books: Books): Promise<void> {
  const asked = Object.keys(books.held)
  if (asked.length === 0 && books.missed.length === 0) return
  const { leases, knownOpen, links } = await openLeases({ member: books.member }, asked)
  for (const lease of leases) books.held[lease.key] ??= heldOf(lease)
  const open = new Set(knownOpen)
  const missing = asked.filter((key) => key in books.held && !open.has(key))
  for (const key of missing) if (books.missed.includes(key)) delete books.held[key] // visibility lags: once proves nothing
  books.missed = missing.filter((key) => key in books.held)
  if (Object.keys(books.held).length === 0 && asked.length > 0) books.emptySince = Date.now()
  await learnLinks(books, links)
}

const heldOf = (lease: OpenLease): Held => ({
  key: lease.key, leaseId: lease.leaseId, name: lease.name, label: lease.label, image: lease.image, cpu: lease.cpu,
  memory: lease.memory, ...(lease.gpu !== undefined && { gpu: lease.gpu }), site: lease.site, since: lease.asked, ...(lease.paused && { paused: true }),
})
