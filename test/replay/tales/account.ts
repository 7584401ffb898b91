import { accountId, leasePausedSignal, recheckSignal, signOutUpdate } from '../../../workflows/contract.ts'
import { eventually, type World } from '../../workflows/harness.ts'
import type { Tale } from '../tales.ts'
import { lent, minute, returned, untilNewRun } from './say.ts'

const account = (member: string) => ({ workflowId: accountId(member) })
const recheck = (it: World, member: string) => it.client.workflow.getHandle(accountId(member)).signal(recheckSignal, { by: 'root' })

const desk: Tale = {
  tells: ['account.lends-and-refuses', 'account.rebuilt', 'account.continued'],
  world: { entitlement: { count: 2 } },
  async tell(it) {
    const one = await lent(it, 'mika', { name: 'one' })
    await it.lend('mika', { name: 'one' }).catch(() => undefined) // the name is taken
    await it.lend('mika', { image: 'secret' }).catch(() => undefined)
    const two = await lent(it, 'mika', { name: 'two' })
    await it.lend('mika', { name: 'three' }).catch(() => undefined) // that is one too many
    it.directory.trouble = 'down'
    await it.lend('mika', { name: 'later' }).catch(() => undefined)
    it.directory.trouble = undefined
    await it.client.workflow.getHandle(accountId('mika')).executeUpdate(signOutUpdate, { args: [{ by: 'root', reason: 'revoked' }] })
    await it.lend('mika', { epoch: 0 }).catch(() => undefined)
    await returned(it, one, 'mika')
    await returned(it, two, 'mika')
    await eventually(async () => (await it.desk('mika')).leases.length === 0, 'the desk is empty')

    const kept = await lent(it, 'noor', { name: 'kept' })
    await it.client.workflow.getHandle(accountId('noor')).terminate('by the tale')
    const added = await lent(it, 'noor', { name: 'added' })
    await recheck(it, 'noor')
    await returned(it, kept, 'noor')
    await returned(it, added, 'noor')
    await eventually(async () => (await it.desk('noor')).leases.length === 0, 'the desk is empty')

    const carried = await lent(it, 'ada', { name: 'carried' })
    const handle = it.client.workflow.getHandle(accountId('ada'))
    await untilNewRun(it, accountId('ada'), (at) => handle.signal(leasePausedSignal, { key: `none${at}`, paused: false }))
    await lent(it, 'ada', { name: 'more' })
    await returned(it, carried, 'ada')
    await eventually(async () => (await it.desk('ada')).leases.length === 1, 'one is left')
    return { 'account.lends-and-refuses': account('mika'), 'account.rebuilt': account('noor'), 'account.continued': account('ada') }
  },
}

const rights: Tale = {
  tells: ['account.rights-lost-and-back'],
  world: { clocks: { recheckApartMs: 300 }, entitlement: { graceMs: 10 * minute } },
  async tell(it) {
    const lease = await lent(it, 'mika', { name: 'again' })
    it.directory.remove('mika')
    await recheck(it, 'mika')
    await eventually(async () => (await it.desk('mika')).notices.some(({ kind }) => kind === 'rights'), 'the right is lost')
    it.directory.put({ uid: 'mika', groups: ['all'] })
    await recheck(it, 'mika')
    await eventually(async () => (await it.desk('mika')).losing === undefined, 'the right is back')
    await returned(it, lease, 'mika')
    await eventually(async () => (await it.desk('mika')).leases.length === 0, 'the desk is empty')
    return { 'account.rights-lost-and-back': account('mika') }
  },
}

export const accountTales: readonly Tale[] = [desk, rights]
