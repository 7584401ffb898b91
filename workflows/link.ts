/**
 * `link:<platform>:<tenant>:<user>`: a chat account's proven link to a member, and the cards that it is shown. A chat that
 * is down never touches a lease: leases only signal, and what could not be shown is shown when the chat is back.
 */
import { allHandlersFinished, condition, continueAsNew, log, proxyActivities, setCurrentDetails, setHandler, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow'
import { attributes } from './contract.ts'
import * as m from './link/messages.ts'
import { nextWork } from './link/next.ts'
import { assertMayBegin, begin, finish, prove } from './link/proof.ts'
import { act } from './link/show.ts'
import { type LinkState, keepAnswer, openLink, sayUser, whoOf } from './link/state.ts'
import { tellAccount } from './link/tell.ts'
import type { Linked } from './link/terms.ts'
import { defaultClocks } from './rules/clocks.ts'
import { refuse, refusalIn } from './refuse.ts'
import { isLong } from './renew.ts'
import type { CoreSteps } from './steps.ts'
import { request } from './timeouts.ts'

const { lookAtChatUser } = proxyActivities<CoreSteps>({ ...request, summary: 'Who is this, says the chat?' })

/** A link that nobody finishes is gone after this; long enough for the first update to come in. */
const firstWait = '1m'

export async function link(input: m.LinkInput): Promise<void> {
  const state = openLink(input), id = workflowInfo().workflowId
  const long = () => isLong(input.clocks ?? defaultClocks)
  let changes = 0
  const changed = () => {
    changes++
    setCurrentDetails(details(state)) // costs no event
  }

  const tell = async (linked: Linked, { before, by }: { readonly before: Linked | undefined; readonly by: string }) => {
    log.info('linked', { by, member: linked.uid, link: id })
    state.sayings.push(`This chat account is linked to ${linked.uid} now. Your leases are shown here. If this was not you, write: berth unlink`)
    changed()
    if (before && before.uid !== linked.uid) await tellAccount(state, before, false)
    await tellAccount(state, linked, true)
    // Last: an account that is opened now and finds the link first would take it for one that was told of long ago.
    if (state.linked === linked) upsertSearchAttributes([{ key: attributes.owner, value: linked.uid }])
  }
  const unlink = async (by: string): Promise<Linked | undefined> => {
    const { linked } = state
    if (!linked) return undefined
    delete state.linked
    // Else the next word of this user would link it again, whatever the member or an admin has wanted.
    if (state.vouches) state.unlinked = true
    state.cards = {}
    log.info('unlinked', { by, member: linked.uid, link: id })
    changed()
    upsertSearchAttributes([{ key: attributes.owner, value: null }])
    await tellAccount(state, linked, false)
    return linked
  }

  setHandler(m.whoQuery, (request) => whoOf(state, request))
  setHandler(m.answeredSignal, (answer) => keepAnswer(state, answer, Date.now()))
  setHandler(m.beginLinkUpdate, async (wish) => {
    assertMayBegin(state, Date.now())
    const person = await lookAtChatUser(state.of).catch((error: unknown) => {
      throw refusalIn(error) ? error : refuse('tryLater', 'The chat does not say who you are just now. Nothing was linked; try again in a minute.')
    })
    assertMayBegin(state, Date.now())
    const before = state.linked, linked = begin(state, wish, { person, now: Date.now() })
    changed()
    // Told only when it is new: the platform says the same each time that it is asked.
    if (linked && linked !== before) await tell(linked, { before, by: 'its platform' })
    return linked
  })
  setHandler(m.proveLinkUpdate, (proof) => {
    prove(state, proof, Date.now())
    changed()
  })
  setHandler(m.finishLinkUpdate, async ({ code }) => {
    const before = state.linked, done = finish(state, code, Date.now())
    await tell(done.linked, { before, by: 'a login' })
    return done
  })
  setHandler(m.unlinkUpdate, ({ by }) => unlink(by))
  setHandler(m.unlinkSignal, async ({ by }) => void await unlink(by))
  setHandler(m.quietUpdate, ({ quiet }) => {
    if (quiet) state.quiet = quiet
    else delete state.quiet
    changed()
  })
  setHandler(m.cardSignal, (card) => {
    if (!state.linked) return
    // The same object, for a step may be under way with it.
    Object.assign(state.cards[card.key] ??= { card, stale: true, since: 0 }, { card, stale: true, since: Date.now() })
    changed()
  })
  setHandler(m.sayInChatSignal, ({ sentence }) => {
    state.sayings.push(sentence)
    changed()
  })

  changed()
  if (!input.carried) await condition(() => isWanted(state), firstWait)
  while (isWanted(state) && !long()) {
    const now = Date.now(), work = nextWork(state, now), seen = changes
    if (work && work.at <= now) await act(state, work)
    else if (work) await condition(() => changes !== seen || long(), work.at - now)
    else await condition(() => changes !== seen || long())
  }
  await condition(allHandlersFinished)
  if (isWanted(state)) await continueAsNew<typeof link>({ ...input, carried: state })
}

const isWanted = ({ linked, attempt, unlinked }: LinkState): boolean => linked !== undefined || attempt !== undefined || unlinked === true

function details(state: LinkState): string {
  const { linked, attempt, unlinked, cards } = state
  const whose = linked ? `belongs to ${linked.uid}` : attempt ? 'is to be linked; waits for a login and a code' : `is linked to nobody${unlinked ? '; it was unlinked, so only a login links it again' : ''}`
  const names = Object.values(cards).map(({ card }) => `- ${card.name}: ${card.phase}`)
  return [`The ${sayUser(state)} ${whose}.`, ...names].join('\n')
}
