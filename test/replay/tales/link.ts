import { accountId, coreQueue, releaseUpdate } from '../../../workflows/contract.ts'
import { createLinks } from '../../../client/gateway/chat/links.ts'
import { linkId } from '../../../workflows/link/messages.ts'
import type { ChatUser } from '../../../workflows/link/terms.ts'
import { eventually, type World } from '../../workflows/harness.ts'
import type { Tale } from '../tales.ts'
import { minute } from './say.ts'

const user: ChatUser = { platform: 'mattermost', tenant: 'campus', user: 'alice' }
const room = (it: World) => it.chat.room(user).map(({ lines }) => lines[0]!)

const linked: Tale = {
  tells: ['link.linked-and-shown', 'lease.followed', 'account.linked'],
  world: { entitlement: { warnMs: [minute] } },
  async tell(it) {
    const links = createLinks(it.client, { queryMs: 5_000, updateMs: 10_000 })
    await it.client.workflow.start('account', { workflowId: accountId('mika'), taskQueue: coreQueue, args: [{ member: 'mika' }] })
    await links.begin(user, { attempt: 'a1', until: Date.now() + 10 * minute, line: 'list' })
    await links.prove(user, { attempt: 'a1', uid: 'mika', uuid: 'uuid-mika', code: 'k7f3q2mx' })
    await links.finish(user, 'wrong').catch(() => undefined)
    await links.finish(user, 'k7f3q2mx')
    await links.quiet(user, { from: 22 * 60, to: 7 * 60 })
    const lease = await it.lend('mika', { name: 'shown', forMs: minute + 2_000 })
    await it.until(lease.leaseId, 'ready')
    await eventually(() => room(it).some((line) => line.startsWith('shown ends in')), 'it is warned of')
    it.chat.down = true
    await it.client.workflow.getHandle(lease.leaseId).executeUpdate(releaseUpdate, { args: [{ key: lease.key, by: { uid: 'mika' } }] })
    await it.ended(lease.leaseId)
    await eventually(async () => (await it.client.workflow.getHandle(linkId(user)).fetchHistory()).events!.some((one) => one.activityTaskTimedOutEventAttributes ?? one.activityTaskFailedEventAttributes), 'the chat was down')
    it.chat.down = false
    await eventually(() => room(it).some((line) => line.includes('is over')), 'the card says that it is over', 90_000)
    await links.unlink(user, 'the member')
    await it.client.workflow.getHandle(linkId(user)).result()
    return { 'link.linked-and-shown': { workflowId: linkId(user) }, 'lease.followed': { workflowId: lease.leaseId }, 'account.linked': { workflowId: accountId('mika') } }
  },
}

const left: Tale = {
  tells: ['link.left'],
  world: {},
  async tell(it) {
    const links = createLinks(it.client, { queryMs: 5_000, updateMs: 10_000 }), nobody: ChatUser = { ...user, user: 'bob' }
    await links.begin(nobody, { attempt: 'a1', until: Date.now() + 500 })
    await it.client.workflow.getHandle(linkId(nobody)).result()
    return { 'link.left': { workflowId: linkId(nobody) } }
  },
}

export const linkTales: readonly Tale[] = [linked, left]
