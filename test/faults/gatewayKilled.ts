/** The gateway killed -9 between accept and answer: before and after its call to Temporal. */
import { randomUUID } from 'node:crypto'
import { createBerth, inMemory } from '../../client/berth.ts'
import { password } from '../journey/berth.ts'
import { endingOf, returnLease } from './member.ts'
import { disposable, stage } from './stage.ts'
import { type Trial, none } from './trial.ts'

export const gatewayKilled: Trial = {
  name: 'gateway',
  promise: 'the gateway killed -9 between accept and answer: the request asked again means the same lease',
  async run(it) {
    await using berth = disposable(await stage(it))
    await berth.begin(['core', 'host'])
    let gateway = await berth.begin(['gateway'])
    const api = createBerth({ gateway: berth.gateway, tokens: inMemory() }), client = berth.client(), wrong: string[] = []
    await api.login('mika', password)
    for (let times = 0; times < (it.quick ? 1 : 5); times++) {
      for (const when of ['before', 'after'] as const) {
        const requestId = randomUUID(), name = `${when} ${times}`, wish = { image: 'web', name: `${when}-${times}` }
        berth.order({ kill: { when, at: 'lend', nth: 1 } })
        const first = await api.lend(wish, requestId).then(() => 'answered', () => 'cut off')
        if (first === 'answered') wrong.push(`${name}: the gateway lived`)
        await gateway.exited
        berth.order({})
        gateway = await berth.begin(['gateway'])
        const receipt = await api.lend(wish, requestId), again = await api.lend(wish, requestId)
        if (again.key !== receipt.key) wrong.push(`${name}: a second lease for one request`)
        await berth.lookOut.until(receipt.leaseId, 'ready', 120_000)
        const { leases } = await api.list()
        if (leases.length !== 1) wrong.push(`${name}: ${leases.length} leases`)
        const lease = { ...receipt, member: 'mika' }
        await returnLease(client, lease)
        const ending = await endingOf(client, lease)
        if (ending === 'terminated' || ending.reason !== 'returned') wrong.push(`${name}: ended otherwise`)
      }
    }
    it.tell(none('gateway.wrong', wrong, 'requests that did not mean exactly one lease'))
    await berth.account('gateway')
  },
}
