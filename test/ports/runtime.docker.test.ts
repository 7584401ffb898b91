import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { containerName, networkName } from '../../activities/docker/labels.ts'
import { createMarks } from '../../activities/mark.ts'
import { toolsImage } from '../../worker/embedded/image.ts'
import { freeSubnet } from '../../worker/embedded/subnet.ts'
import type { StartOrder } from '../../workflows/ports.ts'
import { freePort, occupy, openLab, shell, web, type Lab } from './docker/lab.ts'
import { leaveVolume } from './docker/volume.ts'
import { newOrder, runtimeSuite, signs } from './runtime.suite.ts'

describe('a runtime on Docker', () => {
  runtimeSuite(async () => {
    const lab = openLab({ listenMs: 10_000 })
    const other = createMarks({ instance: `${lab.instance}x`, secret: Buffer.alloc(32, 'another') })
    return {
      runtime: lab.runtime, twin: lab.open(), stranger: lab.open({ marks: other, range: freeSubnet(24) }), web,
      fails: {
        unknownImage: { ...web, reference: 'Not/AnImage' },
        badCommand: { ...web, reference: toolsImage, command: ['/nosuch'] },
        exitedAtOnce: shell('exit 3', [80]),
        notListening: shell('sleep 60', [80]),
      },
      freePort, occupy,
      rest: 'volume', leaveRest: (one) => leaveVolume(lab, one),
      die: (one) => lab.docker.getContainer(containerName(lab.marks, one)).kill() as Promise<void>,
      close: lab.close,
    }
  })

  describe('and its container', () => {
    let lab: Lab
    beforeAll(() => {
      lab = openLab()
    })
    afterAll(() => lab.close())
    const networkOf = ({ member }: StartOrder) => networkName(lab.marks, member)

    it('answers on its host port', async () => {
      const one = newOrder(web, [await freePort()])
      await lab.runtime.start(one, signs())
      const page = await fetch(`http://127.0.0.1:${one.hostPorts[0]}/`)
      expect(await page.text()).toContain('Hello from Berth')
    })

    it('has the limits and the hardening that were asked for', async () => {
      const one = newOrder(web, [await freePort()]), { id } = await lab.runtime.start(one, signs())
      const { HostConfig, Config } = await lab.docker.getContainer(id).inspect()
      expect(HostConfig).toMatchObject({
        NanoCpus: 250_000_000, Memory: 32 << 20, MemorySwap: 32 << 20, PidsLimit: 256, CapDrop: ['ALL'], CapAdd: ['NET_BIND_SERVICE'],
        SecurityOpt: ['no-new-privileges'], LogConfig: { Type: 'json-file', Config: { 'max-size': '1m', 'max-file': '2' } },
        RestartPolicy: { Name: 'no' }, Init: true, Privileged: false,
      })
      expect(HostConfig.Binds).toBeNull()
      expect(Config.Labels).toMatchObject({ 'berth.instance': lab.instance, 'berth.kind': 'lease', 'berth.key': one.key, 'berth.number': '1' })
    })

    it('gets its environment and its command', async () => {
      const one = newOrder(shell('echo "$GREETING"; sleep 60'), [])
      await lab.runtime.start({ ...one, spec: { ...one.spec, env: { GREETING: 'hello = you' } } }, signs())
      expect(await lab.runtime.logs(one, 5)).toEqual(['hello = you'])
    })

    it('is refused with its last lines when it exits at once', async () => {
      const one = newOrder(shell('echo starting; echo "no disk" >&2; exit 3', [80]), [await freePort()])
      await expect(lab.runtime.start(one, signs())).rejects.toThrow(/exited at once with code 3:\n(starting\nno disk|no disk\nstarting)/)
    })

    it('is not taken for listening by what docker-proxy accepts, nor by a listener on its own loopback', async () => {
      const one = newOrder(shell('httpd -f -p 127.0.0.1:80', [80]), [await freePort()])
      const quick = lab.open({ listenMs: 1_500 })
      await expect(quick.start(one, signs())).rejects.toMatchObject({ why: 'notListening' })
    })

    it.each([
      ['has no address', ({ docker }: Lab, Container: string, network: string) => docker.getNetwork(network).disconnect({ Container, Force: true })],
      ['listens on port 80 and cannot be reached', async ({ docker }: Lab, container: string) => {
        const { State } = await docker.getContainer(container).inspect()
        await promisify(execFile)('nsenter', ['--target', String(State.Pid), '--net', 'ip', 'link', 'set', 'eth0', 'down'])
      }],
    ])('is not called silent when it %s: it is plugged in anew, and runs at the next try', async (why, cut) => {
      const one = newOrder(shell('httpd -f -p 80 -h /www', [80]), [await freePort()])
      await lab.runtime.start(one, signs())
      await cut(lab, containerName(lab.marks, one), networkOf(one))
      const quick = lab.open({ listenMs: 1_500 })
      const failed = await quick.start(one, signs()).then(() => undefined, (error: Error) => error)
      expect(failed?.message).toContain(why)
      expect(failed?.name).toBe('Error')
      expect((await quick.start(one, signs())).hostPorts).toEqual(one.hostPorts)
      expect((await fetch(`http://127.0.0.1:${one.hostPorts[0]}/`)).status).toBeGreaterThan(0)
    })

    it('is waited for until it listens on every port', async () => {
      const one = newOrder(shell('httpd -p 80; sleep 1; httpd -f -p 81', [80, 81]), [await freePort(), await freePort()])
      const { hostPorts } = await lab.runtime.start(one, signs())
      expect(hostPorts).toEqual(one.hostPorts)
      const answer = await fetch(`http://127.0.0.1:${hostPorts[1]}/`)
      expect(answer.status).toBeGreaterThan(0)
    })

    it('says its last words when it is removed', async () => {
      const one = newOrder(shell('for i in $(seq 30); do echo line $i; done; sleep 60'), [])
      await lab.runtime.start(one, signs())
      const said = await lab.runtime.remove(one)
      expect(said).toHaveLength(20)
      expect(said.at(-1)).toBe('line 30')
    })

    it('shows that it was ended for its memory', async () => {
      const one = newOrder(shell('sleep 1; tail /dev/zero'), [])
      await lab.runtime.start({ ...one, spec: { ...one.spec, memory: 8 << 20 } }, signs())
      await expect.poll(() => lab.runtime.look(one), { timeout: 20_000 }).toMatchObject({ is: 'stopped', outOfMemory: true })
    })

    it('keeps its files over a pause', async () => {
      const one = newOrder(shell('[ -f /tmp/kept ] && echo "was here"; echo x > /tmp/kept; sleep 60'), [])
      await lab.runtime.start(one, signs())
      await lab.runtime.pause(one)
      await lab.runtime.resume(one, signs())
      await expect.poll(() => lab.runtime.logs(one, 5)).toEqual(['was here'])
    })

    it('is started again when its network was taken away behind our back', async () => {
      const one = newOrder(web, [await freePort()])
      await lab.runtime.start(one, signs())
      await lab.runtime.pause(one)
      await lab.docker.getNetwork(networkOf(one)).remove()
      expect((await lab.runtime.resume(one, signs())).is).toBe('running')
    })
  })
})
