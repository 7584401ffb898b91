import { describe, expect, it } from 'vitest'
import { meant } from '../../../activities/docker/failures.ts'
import { pullFailure } from '../../../activities/docker/pull.ts'

/** As dockerode throws it. */
const from = (statusCode: number, message: string) =>
  Object.assign(new Error(`(HTTP code ${statusCode}) unexpected - ${message} `), { statusCode, json: { message } })

// What dockerd 20.10.24 said, word for word.
describe('what the engine says', () => {
  it.each([
    [500, 'driver failed programming external connectivity on endpoint c2 (ac5738bd): Bind for 127.0.0.1:21007 failed: port is already allocated'],
    [500, 'driver failed programming external connectivity on endpoint c2 (ac5738bd): Error starting userland proxy: listen tcp4 127.0.0.1:21007: bind: address already in use'],
  ])('names the port that is taken (%i %s)', (status, said) => {
    expect(meant(from(status, said), [21_008, 21_007])).toMatchObject({ name: 'PortTaken', ports: [21_007] })
  })

  it('means every port when it names none', () => {
    expect(meant(from(500, 'port is already allocated'), [21_001, 21_002])).toMatchObject({ ports: [21_001, 21_002] })
  })

  it.each([
    ['tooBig', 400, 'Minimum memory limit allowed is 6MB'],
    ['tooBig', 400, 'Range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available'],
    ['unknownImage', 400, 'invalid reference format: repository name must be lowercase'],
    ['badCommand', 400, 'No command specified'],
    ['badCommand', 400, 'failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: "/nope": stat /nope: no such file or directory: unknown'],
    ['badCommand', 400, 'failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: "/www": permission denied: unknown'],
  ])('cannot run: %s (%i %s)', (why, status, said) => {
    expect(meant(from(status, said), [])).toMatchObject({ name: 'CannotRun', why })
  })

  it('tells of a bad command in few words', () => {
    const said = 'failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: "/nope": stat /nope: no such file or directory: unknown'
    expect(meant(from(400, said), []).message).toBe('The command cannot be started: exec: "/nope": stat /nope: no such file or directory.')
  })

  it.each([
    [500, 'mkdir /var/lib/docker/overlay2/x: no space left on device', 'The engine\'s disk is full: an admin has to make room.'],
    [500, 'no available IPv4 addresses on this network\'s address pools: berth-x (y)', 'The account\'s network on this host is full.'],
    [500, 'context deadline exceeded', '(HTTP code 500) unexpected - context deadline exceeded '],
    [400, 'exec: "docker-init": executable file not found in $PATH: unable to start container process', '(HTTP code 400) unexpected - exec: "docker-init": executable file not found in $PATH: unable to start container process '],
  ])('may pass: %i %s', (status, said, message) => {
    const error = meant(from(status, said), [])
    expect([error.name, error.message]).toEqual(['Error', message])
  })

  it('about a pull is believed only where it knows that there is no such image', () => {
    expect(pullFailure(from(404, 'manifest for x:2 not found: manifest unknown: manifest unknown'), 'x:2')).toMatchObject({ why: 'unknownImage' })
    expect(pullFailure(from(500, 'Get "http://127.0.0.1:9/v2/": dial tcp 127.0.0.1:9: connect: connection refused'), 'x').name).toBe('Error')
    expect(pullFailure(new Error('toomanyrequests: slow down'), 'x').name).toBe('Error')
  })
})
