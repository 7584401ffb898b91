/** A chat account's link over Temporal. Nothing of it is kept here: any gateway answers any request. */
import { WithStartWorkflowOperation, type Workflow } from '@temporalio/client'
import { TypedSearchAttributes, type UpdateDefinition } from '@temporalio/common'
import { attributes, coreQueue } from '../../../workflows/contract.ts'
import {
  answeredSignal, beginLinkUpdate, finishLinkUpdate, linkId, proveLinkUpdate, quietUpdate, unlinkUpdate, whoQuery, type Answered, type BeginLink, type Finished, type LinkInput, type ProveLink,
} from '../../../workflows/link/messages.ts'
import type { ChatUser, Linked, Quiet, Who } from '../../../workflows/link/terms.ts'
import { ask, type Temporal } from '../../ask.ts'
import { stop } from '../../refused.ts'
import { isGone } from '../failures.ts'
import type { GatewayOptions } from '../options.ts'

export interface Links {
  /** Of an account that nobody has linked: nothing. */
  who(user: ChatUser, request?: string): Promise<Who>
  /** Never fails: a lost word costs a second answer at most. */
  answered(user: ChatUser, answer: Answered): Promise<void>
  /** To whom it is linked at once, where its platform's own word is enough; else the attempt has begun. The same one begun twice is one. */
  begin(user: ChatUser, attempt: BeginLink): Promise<Linked | undefined>
  prove(user: ChatUser, proof: ProveLink): Promise<void>
  /** `request`: delivered again, it gets the same answer. */
  finish(user: ChatUser, code: string, request?: string): Promise<Finished>
  unlink(user: ChatUser, by: string): Promise<Linked | undefined>
  quiet(user: ChatUser, quiet: Quiet | undefined): Promise<void>
}

export function createLinks(temporal: Temporal, options: Pick<GatewayOptions, 'queryMs' | 'updateMs'>): Links {
  const update = async <R, A>(user: ChatUser, def: UpdateDefinition<R, [A]>, { arg, request }: { readonly arg: A; readonly request?: string | undefined }): Promise<R> => {
    try {
      return await temporal.withDeadline(Date.now() + options.updateMs, () => temporal.workflow.getHandle(linkId(user)).executeUpdate(def, { args: [arg], ...(request !== undefined && { updateId: `${def.name}-${request}` }) }))
    } catch (error) {
      if (isGone(error)) throw stop('linkOver', 'This chat account is not being linked just now. Write: berth link')
      throw error
    }
  }
  return {
    answered: (user, answer) => temporal.withDeadline(Date.now() + options.updateMs, () => temporal.workflow.getHandle(linkId(user)).signal(answeredSignal, answer)).catch(() => undefined),
    who: (user, request) => ask(temporal, { id: linkId(user), of: whoQuery, withinMs: options.queryMs, ...(request !== undefined && { args: [request] as const }) }).catch((error: unknown) => {
      if (isGone(error)) return {}
      throw error
    }),
    begin: (user, attempt) => temporal.withDeadline(Date.now() + options.updateMs, () => temporal.workflow.executeUpdateWithStart(beginLinkUpdate, {
      args: [attempt], updateId: `begin-${attempt.attempt}`, startWorkflowOperation: startLink(user),
    })),
    prove: (user, proof) => update(user, proveLinkUpdate, { arg: proof }),
    finish: (user, code, request) => update(user, finishLinkUpdate, { arg: { code }, request }),
    unlink: (user, by) => update(user, unlinkUpdate, { arg: { by } }),
    quiet: (user, quiet) => update(user, quietUpdate, { arg: quiet ? { quiet } : {} }),
  }
}

function startLink(of: ChatUser): WithStartWorkflowOperation<Workflow> {
  const input: LinkInput = { of }
  return new WithStartWorkflowOperation<Workflow>('link', {
    workflowId: linkId(of), taskQueue: coreQueue, args: [input], workflowIdConflictPolicy: 'USE_EXISTING',
    staticSummary: `${of.platform} ${of.tenant}`.slice(0, 200),
    staticDetails: 'A chat account and the member whose it is. Started by the gateway when somebody begins to link it.',
    typedSearchAttributes: new TypedSearchAttributes([{ key: attributes.kind, value: 'link' }]),
  })
}
