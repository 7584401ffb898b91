import { describe, expect, it } from 'vitest'
import { demultiplex } from '../../../activities/docker/logs.ts'
import { tidy } from '../../../activities/lines.ts'

const frame = (stream: number, text: string | Buffer) => {
  const body = Buffer.from(text), head = Buffer.alloc(8)
  head[0] = stream
  head.writeUInt32BE(body.length, 4)
  return Buffer.concat([head, body])
}
const most = { lines: 20, bytes: 2048 }

describe('a log', () => {
  it('is taken out of its frames, both streams in their order', () => {
    expect(demultiplex(Buffer.concat([frame(1, 'one\n'), frame(2, 'two\n'), frame(1, 'three')])).toString()).toBe('one\ntwo\nthree')
    expect(demultiplex(Buffer.alloc(0))).toHaveLength(0)
  })

  it('that was cut in a frame, or has none, loses nothing', () => {
    expect(demultiplex(frame(1, 'half a line').subarray(0, 12)).toString()).toBe('half')
    expect(demultiplex(Buffer.from('a terminal\'s text')).toString()).toBe('a terminal\'s text')
  })

  it('is cut to its last 20 lines and 2 KiB', () => {
    const text = Array.from({ length: 50 }, (_, i) => `line ${i}`).join('\n') + '\n'
    expect(tidy(Buffer.from(text), most)).toEqual(Array.from({ length: 20 }, (_, i) => `line ${i + 30}`))
    const long = tidy(Buffer.from(Array.from({ length: 20 }, (_, i) => `${i}`.padStart(300, '.')).join('\n')), most)
    expect(long).toHaveLength(6)
    expect(long.at(-1)).toMatch(/19$/)
  })

  it('of one endless line keeps its end, cut between characters', () => {
    const [line, ...more] = tidy(Buffer.from('é'.repeat(5000) + '!'), most)
    expect(more).toEqual([])
    expect(line).toMatch(/^é+!$/)
    expect(Buffer.byteLength(line!)).toBeLessThanOrEqual(2048)
  })

  it('that is no UTF-8 is shown all the same, and writes nothing on a terminal but text', () => {
    expect(tidy(Buffer.from([0x61, 0xff, 0xfe, 0x62]), most)).toEqual(['a\ufffd\ufffdb'])
    expect(tidy(Buffer.from('\x1b[31mred\x1b[0m\x07 \x1b]0;title\x07tab\there\r\nnext\x00'), most)).toEqual(['red tab\there', 'next'])
  })
})
