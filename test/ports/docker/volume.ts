/** Volumes with a mark, as nothing in Berth makes them yet. */
import type { Berthing } from '../../../workflows/ports.ts'
import { reserved } from '../../../activities/labels.ts'
import { host, type Lab } from './lab.ts'

/** Makes one; the answer is its name. `forName` forges: the proof is of another name. */
export async function leaveVolume({ docker, marks, instance }: Lab, { key, number, member }: Berthing, { forName }: { forName?: string } = {}): Promise<string> {
  const name = `data-${instance}-${key}-${number}${forName === undefined ? '' : '-forged'}`
  await docker.createVolume({ Name: name, Labels: {
    [reserved.instance]: instance, [reserved.kind]: 'lease', [reserved.key]: key, [reserved.number]: String(number), [reserved.member]: member,
    [reserved.proof]: marks.sign({ kind: 'lease', key, number }, { name: forName ?? name, host }),
  } })
  return name
}

export const isThere = ({ docker }: Lab, name: string): Promise<boolean> => docker.getVolume(name).inspect().then(() => true, (error: { statusCode?: number }) => {
  if (error.statusCode === 404) return false
  throw error
})
