/** `account:<member>`: the front door and the only writer of a member's quota and names. */
import { allHandlersFinished, condition, continueAsNew, log, setCurrentDetails, setHandler } from '@temporalio/workflow'
import { askTogether } from './account/ask.ts'
import { type Books, accountDetails, close, deskOf, note, openBooks } from './account/books.ts'
import { showLosing } from './account/brake.ts'
import { lend } from './account/lend.ts'
import { hearLinked, unlinkAll } from './account/links.ts'
import { compare, rebuild } from './account/rebuild.ts'
import { applyStanding } from './account/recheck.ts'
import { resuming } from './account/resume.ts'
import type { Word } from './account/revoke.ts'
import * as c from './contract.ts'
import { linkedSignal } from './link/messages.ts'
import { refuse } from './refuse.ts'
import { isLong } from './renew.ts'
import type { LendRequest } from './terms.ts'

/** How long a member waits for the books to be rebuilt: inside an update, 3 s in all. */
const rebuildWait = '2500ms'

export async function account(input: c.AccountInput): Promise<void> {
  const { books, rebuilt: carried } = openBooks(input, Date.now())
  const ask = askTogether(books.member)
  let rebuilt = carried, rechecking: Word | undefined, soon: number | undefined
  const ready = async () => {
    if (!rebuilt && !(await condition(() => rebuilt, rebuildWait))) {
      throw refuse('tryLater', 'Your account is being put together again. Try again in a minute.')
    }
  }

  const { mayResume, hearPaused } = resuming({ books, ask, ready })

  const show = () => {
    showLosing(books)
    setCurrentDetails(accountDetails(books)) // costs no event
  }

  setHandler(c.deskQuery, () => deskOf(books))
  const starting = new Set<string>()
  const settled = () => allHandlersFinished() && starting.size === 0
  setHandler(c.lendUpdate, (wish) => lend({ books, ask, ready, starting }, wish).finally(show), { validator: (wish) => assertSignedIn(books, wish) })
  setHandler(c.signInUpdate, () => books.epoch)
  setHandler(c.signOutUpdate, async ({ by, reason }) => {
    const epoch = ++books.epoch
    if (reason === 'revoked') {
      note(books, { at: Date.now(), kind: 'rights', sentence: `${by} signed you out everywhere.` })
      await unlinkAll(books, by)
    }
    return epoch
  })
  setHandler(linkedSignal, (word) => hearLinked(books, word, () => condition(() => rebuilt)))
  setHandler(c.mayResumeUpdate, ({ key, by }) => mayResume(key, by.uid))
  setHandler(c.leaseEndedSignal, ({ key, ending, notices }) => {
    close(books, key, ending, Date.now())
    for (const notice of notices) note(books, notice)
    show()
  })
  setHandler(c.leasePausedSignal, hearPaused)
  setHandler(c.recheckSignal, (word) => { rechecking = word }, { description: 'Asks the directory now: {"by": "ada"}; with "confirmed": true the brake on mass loss does not hold for this member.' })

  if (!rebuilt) {
    await rebuild(books)
    rebuilt = true
    if (!isEmpty(books)) soon = 1 // whose they are, and by which clocks, only the directory and the policy know
  }
  for (;;) {
    show()
    const empty = isEmpty(books)
    const wait = soon ?? (empty ? books.clocks.accountIdleMs : jittered(books.clocks.recheckMs))
    const told = await condition(() => rechecking !== undefined || isLong(books.clocks) || (empty && !isEmpty(books)), wait)
    if (isLong(books.clocks)) break
    if (!told && isIdle(books) && settled()) return
    if (isEmpty(books) === false && empty && rechecking === undefined) continue // the first lease arms the regular check
    const word = rechecking ?? { by: 'the regular check' }
    rechecking = undefined
    soon = await recheck(books, ask, word)
  }
  await condition(settled)
  await continueAsNew<typeof account>({ member: books.member, carried: books })
}

async function recheck(books: Books, ask: ReturnType<typeof askTogether>, word: Word): Promise<number | undefined> {
  await compare(books)
  let standing
  try {
    standing = await ask()
  } catch (error) {
    log.warn('the directory was away at a re-check', { error }) // never a reason
    return undefined
  }
  return applyStanding(books, standing, word)
}

const isEmpty = (books: Books): boolean => Object.keys(books.held).length === 0
const isIdle = (books: Books): boolean =>
  isEmpty(books) && Date.now() - books.emptySince >= books.clocks.accountIdleMs

/** A fifth to either side, so that accounts that were made together do not ask together for ever. */
const jittered = (ms: number): number => Math.round(ms * (0.8 + 0.4 * Math.random()))

function assertSignedIn(books: Books, wish: LendRequest): void {
  if (wish.epoch !== undefined && wish.epoch < books.epoch) {
    throw refuse('notSignedIn', 'You were signed out. Sign in again with: berth login')
  }
}
