/** The directory changes its mind: what a re-check decides. Pure; the story acts on it. */
import type { Standing } from '../steps.ts'
import type { Books } from './books.ts'

export type Verdict =
  /** Nothing changed. */
  | { readonly is: 'fine' }
  /** Rights are there again, or still: a grace that runs is lifted. */
  | { readonly is: 'back' }
  /** Seen once: look again after a while; alone it is never a reason. */
  | { readonly is: 'doubted'; readonly sentence: string }
  /** Seen twice, apart: grace with a notice, then leases end. */
  | { readonly is: 'lost'; readonly sentence: string }
  /** The grace runs already. */
  | { readonly is: 'losing' }

/**
 * | standing | before | verdict |
 * |---|---|---|
 * | member, same entry | no doubt | fine |
 * | member, same entry | doubted or losing | back |
 * | nobody, disabled, no rights, or another entry | no doubt | doubted |
 * | the same | doubted, less than `recheckApartMs` ago | doubted (the first time stays) |
 * | the same | doubted, longer ago | lost |
 * | the same | losing | losing |
 */
export function judge(books: Pick<Books, 'uuid' | 'losing' | 'clocks'>, standing: Standing, now: number): Verdict {
  const sentence = lostSentence(books, standing)
  if (sentence === undefined) return books.losing ? { is: 'back' } : { is: 'fine' }
  if (!books.losing) return { is: 'doubted', sentence }
  if (books.losing.due !== undefined) return { is: 'losing' }
  return now - books.losing.since >= books.clocks.recheckApartMs ? { is: 'lost', sentence } : { is: 'doubted', sentence }
}

function lostSentence(books: Pick<Books, 'uuid'>, standing: Standing): string | undefined {
  if (standing.is !== 'member') return standing.sentence
  if (books.uuid !== undefined && books.uuid !== standing.uuid) return 'This user name belongs to another person now.'
  return undefined
}
