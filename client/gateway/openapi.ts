/** The API's description, made from the command table. */
import type { Argument, Command, Schema } from '../commands/command.ts'
import { table } from '../commands/table.ts'
import { usageLine } from '../commands/usage.ts'

/** `admin board` → `admin/board`. */
export const pathOf = (command: Command): string => command.name.replaceAll(' ', '/')

export function openapi(version: string): Schema {
  const commands = table.filter((command) => command.run !== undefined)
  return {
    openapi: '3.1.0',
    info: { title: 'Berth', version, description: 'Lends containers for a time. The same commands as in the terminal and in chat.' },
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer', description: 'The access token of /v1/login.' } },
      schemas: { Failure: failureSchema, Tokens: tokensSchema },
    },
    security: [{ token: [] }],
    paths: {
      '/v1/login': { post: operation('login', {
        summary: 'Signs in by the directory.', open: true,
        body: { type: 'object', required: ['uid', 'password'], properties: { uid: text, password: { type: 'string', format: 'password' } } },
        answer: { $ref: '#/components/schemas/Tokens' },
      }) },
      '/v1/refresh': { post: operation('refresh', {
        summary: 'A new access token for a refresh token.', open: true,
        body: { type: 'object', required: ['refresh'], properties: { refresh: text } },
        answer: { type: 'object', properties: { uid: text, access: text, accessUntil: moment } },
      }) },
      '/v1/logout': { post: operation('logout', { summary: 'Ends every sign-in of the caller.', body: { type: 'object' }, answer: { type: 'object', properties: { uid: text } } }) },
      '/v1/leases/{lease}/events': { get: {
        operationId: 'events',
        summary: 'Live steps as server-sent events `step`, `status` and `end`, until the lease is ready, paused or over. Resumes from Last-Event-ID.',
        parameters: [{ name: 'lease', in: 'path', required: true, schema: text }, { name: 'Last-Event-ID', in: 'header', schema: text }],
        responses: { 200: { description: 'The stream.', content: { 'text/event-stream': {} } }, default: failure },
      } },
      ...Object.fromEntries(commands.map((command) => [`/v1/commands/${pathOf(command)}`, { post: {
        ...operation(command.name.replaceAll(' ', '-'), { summary: command.summary, body: bodyOf(command), answer: { type: 'object', description: command.answer } }),
        description: `In a terminal: \`${usageLine(command)}\`.${command.who === 'admin' ? ' Only for admins.' : ''}`,
        parameters: [{
          name: 'Idempotency-Key', in: 'header', schema: { type: 'string', pattern: idempotencyKey.source },
          description: 'Of this request alone, never of another one: the same key gets the first answer again.',
        }],
      } }])),
    },
  }
}

/** What a request's own id may look like. */
export const idempotencyKey = /^[A-Za-z0-9_-]{8,64}$/

const text: Schema = { type: 'string' }
const moment: Schema = { type: 'integer', description: 'Milliseconds since the epoch.' }
const tokensSchema: Schema = {
  type: 'object', required: ['uid', 'access', 'accessUntil', 'refresh', 'refreshUntil'],
  properties: { uid: text, access: text, accessUntil: moment, refresh: text, refreshUntil: moment },
}
const failureSchema: Schema = {
  type: 'object', required: ['error'],
  properties: { error: { type: 'object', required: ['kind', 'class', 'sentence', 'requestId'], properties: { kind: text, class: text, sentence: text, requestId: text } } },
}
const failure = { description: 'A refusal: one sentence with the next step.', content: { 'application/json': { schema: { $ref: '#/components/schemas/Failure' } } } }

type Operation = { readonly summary: string; readonly body: Schema; readonly answer: Schema; readonly open?: boolean }

function operation(operationId: string, { summary, body, answer, open }: Operation): Schema {
  return {
    operationId, summary, ...(open === true && { security: [] }),
    requestBody: { required: true, content: { 'application/json': { schema: body } } },
    responses: { 200: { description: 'Done.', content: { 'application/json': { schema: answer } } }, default: failure },
  }
}

function bodyOf(command: Command): Schema {
  const entries = Object.entries(command.arguments)
  return {
    type: 'object', additionalProperties: false,
    properties: Object.fromEntries(entries.map(([name, argument]) => [name, schemaOf(argument)])),
    required: entries.filter(([, argument]) => argument.required).map(([name]) => name),
  }
}

const schemaOf = ({ value, many, summary }: Argument): Schema =>
  many ? { type: 'array', items: value.schema, description: summary } : { ...value.schema, description: summary }
