import { defineCommand, maybe } from '../command.ts'
import { word } from '../values.ts'
import { grid, sayMoment } from '../words.ts'

export const board = defineCommand({
  name: 'admin board',
  summary: 'Shows hosts, what they hold, who waits, which leases do not get on, who loses rights, and the last sweep.',
  who: 'admin',
  arguments: { site: maybe(word('SITE', 'main'), 'Only this site.') },
  examples: ['admin board', 'admin board main'],
  answer: '`sites`, each with its hosts and its line, `stuck`, leases with what keeps them, `losing`, accounts about to lose their rights, and the last `sweep`.',
  run: async (args, door) => {
    const sites = await door.admin.boards(args.site)
    // A lease says itself that it is stuck; one that cannot be asked is not hidden by that.
    const ids = args.site === undefined ? await door.admin.openLeases(1000) : []
    const states = await Promise.allSettled(ids.map((id) => door.status(id)))
    const stuck = states.flatMap((state) => state.status === 'fulfilled' && state.value.stuck !== undefined
      ? [{ key: state.value.key, name: state.value.name, member: state.value.member, why: state.value.stuck }] : [])
    const [losing, swept] = args.site === undefined ? await Promise.all([door.admin.losing(), door.admin.lastSweep()]) : [[], undefined]
    return { sites, stuck, losing, ...(swept && { sweep: swept }), unasked: states.filter((state) => state.status === 'rejected').length }
  },
  say: ({ sites, stuck, losing, sweep, unasked }) => [
    ...sites.length === 0 ? ['No site has a host yet.'] : [],
    ...sites.flatMap((site) => [
      `${site.site}${site.rebuilt ? '' : ' (rebuilds its ledger)'}`,
      grid([['  HOST', 'STATE', 'CPU', 'MEMORY GiB', 'SLOTS', 'PORTS', 'HEARD'], ...site.hosts.map((host) => [
        `  ${host.host}`, host.forgotten ? 'forgotten' : !host.alive ? 'silent' : host.draining ? 'draining' : 'up',
        host.gpu ? `${share(host.cpu)}, GPUs ${share(host.gpu)}` : share(host.cpu), share({ used: host.memory.used / 2 ** 30, of: host.memory.of / 2 ** 30 }), share(host.slots),
        `${share(host.ports)}, ${host.ports.resting} rest`, sayMoment(host.lastHeard),
      ])]),
      ...site.line.map((one) => `  ${one.position}. ${one.member} (${one.key}) since ${sayMoment(one.since)}: ${one.reason}`),
    ]),
    ...stuck.map((one) => `stuck: ${one.name} of ${one.member} (${one.key}): ${one.why}; try it at once with: berth admin retry ${one.key}`),
    ...losing.map((one) => `losing rights: ${one.member}: ${one.stopped ?? `${one.sentence} Leases end ${sayMoment(one.at)}.`}`),
    ...sweep ? [`last sweep, ${sayMoment(sweep.at)}: ${sweep.sentence}`] : [],
    ...unasked > 0 ? [`${unasked} leases could not be asked just now.`] : [],
  ].join('\n'),
})

const share = ({ used, of }: { used: number; of: number }): string => `${short(used)}/${short(of)}`
const short = (n: number): string => String(Math.round(n * 10) / 10)
