/** The story of one lease, played live. Everything that a member does goes through the CLI; the rest is looked at. */
import type { Ending, LeaseStatus, Notice } from '../../workflows/terms.ts'
import { berth, type CliAnswer } from './cli.ts'
import type { DemoBerth } from './berth.ts'
import { addressesOf, containersOf, listens, pageAt, servicesOf } from './look.ts'
import type { Parts } from './parts.ts'
import { password } from './people.ts'
import { assertSeen, eventually, type Stage } from './stage.ts'

export interface Story {
  readonly parts: Parts
  readonly demo: DemoBerth
  readonly stage: Stage
  readonly member: string
  /** Where this member's tokens are kept. */
  readonly home: string
}

const name = 'hello'

/** Throws `NotSeen` with the step that did not happen. */
export async function play({ parts, demo, stage, member, home }: Story): Promise<void> {
  const at = { gateway: demo.gateway, home }
  const quietly = (...words: string[]) => berth(words, at)
  const asked = async <T>(...words: string[]): Promise<T> => {
    const answer = await quietly(...words, '--json')
    assertSeen(answer.code === 0, answer.out || answer.err)
    return JSON.parse(answer.out) as T
  }
  const type = async (words: readonly string[], { input, want = 0 }: { input?: string; want?: number } = {}): Promise<CliAnswer> => {
    stage.line(`$ berth ${words.join(' ')}`)
    const answer = await berth(words, { ...at, ...(input !== undefined && { input }), onLine: (line) => stage.line(`  ${line}`) })
    assertSeen(answer.code === want, `The exit code was ${answer.code}, not ${want}: ${answer.err || answer.out}`)
    return answer
  }

  await stage.step(`${member} signs in with the password of the directory`, async () => {
    await type(['login', member, '--password-stdin'], { input: password })
  })

  await stage.step('What the policy forbids is refused, with a sentence that says what to do', async () => {
    const { err } = await type(['lend', 'web', '--for', '5h'], { want: 3 })
    assertSeen(/at most 4 h/.test(err), `The sentence was: ${err}`)
    stage.seen('refused, exit code 3; nothing was started')
  })

  const lease = await stage.step(`${member} asks for a web server for half a minute: it gets a place, is started and named`, async () => {
    const { out } = await type(['lend', 'web', '--name', name, '--for', '0.5m'])
    for (const word of ['has a place', 'runs', 'is named', 'is ready']) assertSeen(out.includes(word), `No step said “${word}”.`)
    const status = await asked<LeaseStatus>('status', name)
    assertSeen(status.phase === 'ready' && status.endpoints.length === 1, `It is ${status.phase}.`)
    const { socketPath } = parts.engine
    assertSeen((await containersOf(socketPath, demo.config.instance)).length === 1, 'The engine does not show one container.')
    stage.seen('the engine shows one container with its mark')
    stage.seen(`its timeline: ${await demo.timeline(status.leaseId)}`)
    return { ...status, endpoint: status.endpoints[0]! }
  })
  const { srv, fqdn, hostPort, address } = lease.endpoint

  await stage.step('Its service is looked up through the nameserver', async () => {
    const [service] = await servicesOf(parts.nameserver, srv)
    assertSeen(service?.port === hostPort && service.name === fqdn, `The nameserver says ${JSON.stringify(service)}.`)
    const [found] = await addressesOf(parts.nameserver, fqdn)
    assertSeen(found === address, `The nameserver says ${found}.`)
    stage.seen(`SRV ${srv} → ${service.name}, port ${service.port}; A → ${found}`)
  })

  await stage.step('The page behind it is fetched', async () => {
    const page = await pageAt(`http://${address}:${hostPort}/`)
    assertSeen(page.includes('Hello from Berth'), `The page says: ${page.slice(0, 200)}`)
    stage.seen(`http://${address}:${hostPort}/ says “Hello from Berth”`)
  })

  await stage.step('It is extended', async () => {
    await type(['extend', name, '--by', '0.2m'])
    const { until } = await asked<LeaseStatus>('status', name)
    assertSeen(until === lease.until! + 12_000, 'It does not end 12 s later than before.')
    stage.seen('it ends 12 s later')
  })

  await stage.step('The warning comes, 15 seconds before its end', async () => {
    const warning = await eventually('a warning', async () => {
      const { notices } = await asked<{ notices: Notice[] }>('notices')
      return notices.find(({ kind, key }) => kind === 'warning' && key === lease.key)
    }, 90_000)
    stage.seen(warning.sentence)
  })

  await stage.step('It is returned', async () => {
    await type(['return', name])
  })

  await stage.step('Nothing of it is left', async () => {
    const ending = await eventually('its account says that it has ended', async () => {
      const { leases, over } = await asked<{ leases: unknown[]; over: Ending[] }>('list', '--over')
      return leases.length === 0 ? over.find(({ key }) => key === lease.key) : undefined
    })
    assertSeen(ending.reason === 'returned', `It ended because: ${ending.sentence}`)
    stage.seen(`the account holds nothing any more, its quota is free (${ending.name}: ${ending.sentence})`)
    const found = [...await servicesOf(parts.nameserver, srv), ...await addressesOf(parts.nameserver, fqdn)]
    assertSeen(found.length === 0, `The nameserver still says ${JSON.stringify(found)}.`)
    stage.seen('the nameserver knows the name no more')
    assertSeen((await containersOf(parts.engine.socketPath, demo.config.instance)).length === 0, 'The engine still has a container.')
    stage.seen('the engine has no container of it')
    assertSeen(!await listens(address, hostPort), `Somebody listens on port ${hostPort}.`)
    stage.seen(`nobody listens on port ${hostPort}`)
  })

  await stage.step('The whole story stays readable in the Temporal UI', async () => {
    stage.line(await demo.timeline(lease.leaseId))
  })
}
