/** One Berth for the demo: all roles in one process, on the parts beside it. */
import { join } from 'node:path'
import { Client, Connection } from '@temporalio/client'
import { whyNoWall } from '../../activities/docker/iptables.ts'
import { checkConfig, type Config } from '../config.ts'
import { preferredPort } from '../embedded/port.ts'
import { portRange } from '../embedded/ports.ts'
import { freeSubnet } from '../embedded/subnet.ts'
import { clear, clearWhenWeDie } from './clear.ts'
import { makeConfiguration } from './configuration.ts'
import { type Parts, zone } from './parts.ts'
import { startProcess } from './process.ts'
import { slackTeam } from './slack.ts'

const namespace = 'default'

export interface DemoBerth {
  readonly gateway: string
  readonly config: Config
  /** Where an admin sees the story of this workflow. */
  timeline(workflowId: string): Promise<string>
  /** Ends the roles, then removes everything of theirs from the engine and the firewall. */
  stop(): Promise<void>
}

/** `dir` takes keys, configuration and log. */
export async function startBerth(parts: Parts, dir: string, say: (line: string) => void): Promise<DemoBerth> {
  const noWall = whyNoWall()
  if (noWall) say(`no wall around the leases, since ${noWall}`)
  const range = await portRange(50)
  const made = makeConfiguration({
    dir, instance: `demo-${process.pid}`, roles: ['core', 'host', 'gateway'], policy: join(import.meta.dirname, 'policy.yaml'),
    directory: parts.directory, nameserver: parts.nameserver, zones: [zone], updateKey: parts.updateKey,
    host: {
      name: 'demo', site: 'campus', socket: parts.engine.socketPath, ports: range.ports,
      range: noWall ? '10.201.0.0/20' : freeSubnet(20), wall: noWall ? 'none' : 'iptables',
    },
    gatewayPort: await preferredPort(7870),
    chat: { slack: [{ team: slackTeam, api: parts.chat.slack.api, botToken: 'xoxb-demo', signingSecret: parts.chat.signingSecret }] },
    codecEndpoint: { port: parts.codecPort, origin: parts.temporal.uiUrl },
  })
  const config = checkConfig(made), { address } = parts.temporal
  const spare = clearWhenWeDie(made, dir)
  const connection = await Connection.connect({ address })
  const client = new Client({ connection, namespace })
  const stop = async (roles?: { stop(): Promise<void> }) => {
    await roles?.stop()
    await connection.close()
    await clear(config)
    spare()
    await range.release()
  }
  try {
    const roles = await startProcess({ dir, name: 'berth', config: made, temporal: { address, namespace } })
    const gateway = `http://${config.gateway!.address}:${config.gateway!.port}`
    say(`Berth with roles core, host and gateway in one process; gateway at ${gateway}`)
    return {
      gateway, config, stop: () => stop(roles),
      async timeline(workflowId) {
        const { runId } = await client.workflow.getHandle(workflowId).describe()
        return `${parts.temporal.uiUrl}/namespaces/${namespace}/workflows/${encodeURIComponent(workflowId)}/${runId}/timeline`
      },
    }
  } catch (error) {
    await stop().catch(() => undefined)
    throw error
  }
}
