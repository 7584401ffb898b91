import { Writable } from 'node:stream'

/** For what a stream of the cluster says and nobody reads. */
export const nowhere = (): Writable => new Writable({ write: (_chunk, _encoding, done) => done() })
