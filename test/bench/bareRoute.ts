/** A hono route that reads a body and gives the answer of its argument, and nothing else: what `gateway_over_bare` is measured against. */
import { createAdaptorServer } from '@hono/node-server'
import { Hono } from 'hono'
import type { AddressInfo } from 'node:net'

const text = process.argv[2]!, app = new Hono()
app.post('/chat/slack/command', async (c) => {
  const form = new URLSearchParams(await c.req.text())
  return form.has('text') ? c.json({ response_type: 'ephemeral', text }) : c.notFound()
})
const server = createAdaptorServer({ fetch: app.fetch })
server.listen(0, '127.0.0.1', () => process.send!(`http://127.0.0.1:${(server.address() as AddressInfo).port}`))
process.on('disconnect', () => process.exit())
