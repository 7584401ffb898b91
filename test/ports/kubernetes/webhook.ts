/** An admission webhook on a test's cluster, for the namespaces of one instance alone. */
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../../worker/embedded/port.ts'
import type { Use } from '../../kubernetes/use.ts'

export interface WebhookOptions {
  readonly instance: string
  /** Plural names: `deployments`. */
  readonly resources: readonly string[]
  /** Refused with these words. */
  readonly refuses?: string
  /** Changed by this JSON patch. */
  readonly changes?: readonly object[]
  /** It takes what it is asked and answers nothing; or nobody is there at all. */
  readonly is?: 'silent' | 'dead'
}

interface Review {
  readonly request: { readonly uid: string }
}

/** Answers with how it is taken away again. */
export async function webhook(cluster: Pick<Use, 'kubectl'>, { instance, resources, refuses, changes, is }: WebhookOptions): Promise<() => Promise<void>> {
  const dir = mkdtempSync(join(tmpdir(), 'berth-webhook-')), at = (name: string) => join(dir, name), name = `berth-test-${randomBytes(4).toString('hex')}`
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', at('key'), '-out', at('crt'),
    '-days', '2', '-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'], { stdio: 'pipe' })
  const server = createServer({ key: readFileSync(at('key')), cert: readFileSync(at('crt')) }, (question, answer) => {
    let text = ''
    question.setEncoding('utf8').on('data', (part: string) => { text += part }).on('end', () => {
      if (is === 'silent') return
      const { request: { uid } } = JSON.parse(text) as Review
      const patch = changes && { patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(changes)).toString('base64') }
      answer.setHeader('content-type', 'application/json').end(JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: {
        uid, allowed: refuses === undefined, ...(refuses !== undefined && { status: { message: refuses } }), ...patch,
      } }))
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const port = is === 'dead' ? await freePort() : (server.address() as AddressInfo).port
  const kind = changes ? 'MutatingWebhookConfiguration' : 'ValidatingWebhookConfiguration'
  writeFileSync(at('hook.json'), JSON.stringify({
    apiVersion: 'admissionregistration.k8s.io/v1', kind, metadata: { name },
    webhooks: [{
      name: 'gate.example.org', admissionReviewVersions: ['v1'], sideEffects: 'None', failurePolicy: 'Fail', timeoutSeconds: 1,
      clientConfig: { url: `https://127.0.0.1:${port}/`, caBundle: readFileSync(at('crt')).toString('base64') },
      rules: [{ apiGroups: ['*'], apiVersions: ['*'], operations: ['CREATE', 'UPDATE'], resources, scope: '*' }],
      namespaceSelector: { matchLabels: { 'berth.instance': instance } },
    }],
  }))
  await cluster.kubectl('apply', '-f', at('hook.json'))
  return async () => {
    await cluster.kubectl('delete', kind, name)
    server.closeAllConnections()
    server.close()
    rmSync(dir, { recursive: true })
  }
}
