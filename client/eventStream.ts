/** Server-sent events of a response, one by one (HTML standard, section 9.2.6). */
export interface StreamEvent {
  readonly event: string
  readonly data: string
  readonly id?: string
}

const mostBuffered = 1024 * 1024

export async function* readEvents(response: Response): AsyncGenerator<StreamEvent> {
  if (!response.body) return
  let left = ''
  const decoder = new TextDecoder()
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    left = (left + decoder.decode(chunk, { stream: true })).replaceAll('\r\n', '\n')
    const blocks = left.split('\n\n')
    left = blocks.pop() ?? ''
    if (left.length > mostBuffered) throw new Error('An event is longer than a mebibyte.')
    for (const block of blocks) {
      const event = eventOf(block)
      if (event) yield event
    }
  }
}

function eventOf(block: string): StreamEvent | undefined {
  let event = 'message', id: string | undefined
  const data: string[] = []
  for (const line of block.split('\n')) {
    const [, field, value = ''] = /^([a-z]+):? ?(.*)$/.exec(line) ?? []
    if (field === 'event') event = value
    else if (field === 'data') data.push(value)
    else if (field === 'id') id = value
  }
  return data.length === 0 ? undefined : { event, data: data.join('\n'), ...(id !== undefined && { id }) }
}
