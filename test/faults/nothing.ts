/** A directory that answers success with nothing, and a sweep on an empty namespace, beside living leases. */
import ldap from 'ldapjs'
import { recheckSignal } from '../../workflows/contract.ts'
import { settle, takeLeave } from './crowd.ts'
import { accountOf, disposable, members, stage, sweepNow } from './stage.ts'
import { type Trial, exactly, none } from './trial.ts'

export const nothing: Trial = {
  name: 'nothing',
  promise: 'directory that answers success with nothing; sweep on an empty namespace beside 50 living leases: 0 ended, 0 removed, an admin is asked',
  async run(it) {
    const count = it.quick ? 9 : 50
    await using berth = disposable(await stage(it, { policy: { clocks: { recheck: '2s', recheckApart: '1s' }, defaults: { grace: '1s' } } }))
    const host = await berth.begin(['host']), core = await berth.begin(['core']), client = berth.client()
    const leases = await settle(berth, { count })
    const living = async () => (await client.workflow.count('WorkflowType = \'lease\' AND ExecutionStatus = \'Running\'')).count
    const containers = (await berth.containers()).length

    const blank = await blankDirectory()
    await core.stop()
    const blind = await berth.begin(['core'], { directory: { ...berth.configuration.directory, url: blank.url } })
    for (let times = 0; times < 3; times++) {
      for (const member of members) await accountOf(berth, member).signal(recheckSignal, { by: 'ada' })
      await new Promise((done) => setTimeout(done, 4_000)) // past the time apart, and past the grace
    }
    const losing = (await Promise.all(members.map((member) => berth.desk(member)))).filter((desk) => desk.losing !== undefined)
    it.tell(none('nothing.directory.ended', count - await living(), `of ${count} leases, after ${blank.asked()} questions that found nothing`))
    it.tell(none('nothing.directory.losing', losing.length, 'accounts that believe it'))
    await blind.stop()
    await blank.stop()

    // A namespace that knows nothing, with the same keys on the same engine: restored too old, or the wrong one.
    await host.stop()
    const empty = `${berth.temporal.namespace}-empty`
    const other = await berth.begin(['core', 'host'], {}, empty)
    const report = await sweepNow(berth.clientIn(empty), { youngMs: 1 })
    it.tell(none('nothing.namespace.removed', report.removed + (containers - (await berth.containers()).length), report.sentence))
    it.tell(exactly('nothing.namespace.asked', report.asks ? 1 : 0, 1, 'an admin is asked'))
    await other.stop()

    await berth.begin()
    it.tell(none('nothing.namespace.ended', count - await living(), `of ${count} leases`))
    await takeLeave(berth, leases)
    await berth.account('nothing')
  },
}

/** Signs everybody in, and finds nothing: an access rule that hides all, an empty replica. */
async function blankDirectory(): Promise<{ readonly url: string; asked(): number; stop(): Promise<void> }> {
  const server = ldap.createServer()
  let asked = 0
  type Answer = { end(): void }
  server.on('error', () => {})
  server.bind('', (_: unknown, answer: Answer, next: () => void) => { answer.end(); next() })
  server.search('', (_: unknown, answer: Answer, next: () => void) => { asked++; answer.end(); next() })
  await new Promise<void>((done, fail) => {
    server.once('error', fail)
    server.listen(0, '127.0.0.1', done)
  })
  return { url: server.url.replace(/\/$/, ''), asked: () => asked, stop: () => new Promise((done) => { server.close(() => done()) }) }
}
