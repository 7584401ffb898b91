/** Every "no" there is, as plain words: no Temporal in here, so that the CLI can know them without its packages. */

/** What the caller does next decides the class: exit codes and HTTP statuses follow it. */
export type RefusalClass = 'refused' | 'not found' | 'try later' | 'misuse' | 'not signed in'

/** Every refusal kind there is, with its class. The sentence comes from whoever refuses, for it names what is in the way. */
export const refusalClass = {
  unknownImage: 'refused',
  imageNotAllowed: 'refused',
  hostNotAllowed: 'refused',
  badName: 'misuse',
  nameTaken: 'refused',
  nameReserved: 'refused',
  badDuration: 'misuse',
  tooLong: 'refused',
  tooBig: 'refused',
  quotaFull: 'refused',
  unknownSite: 'refused',
  noRoom: 'refused',
  nobody: 'refused',
  noRights: 'refused',
  disabled: 'refused',
  stranger: 'refused',
  badCommand: 'refused',
  exitedAtOnce: 'refused',
  notListening: 'refused',
  noReach: 'refused',
  badPort: 'misuse',
  badEnv: 'misuse',
  badQuotes: 'misuse',
  badLine: 'misuse',
  notYours: 'refused',
  notAdmin: 'refused',
  notFound: 'not found',
  over: 'refused',
  tooEarly: 'refused',
  atCap: 'refused',
  notSignedIn: 'not signed in',
  denied: 'not signed in',
  notLinked: 'not signed in',
  linkOver: 'refused',
  badCode: 'refused',
  foreignChat: 'refused',
  badSeal: 'refused',
  slowDown: 'try later',
  tryLater: 'try later',
} as const satisfies Record<string, RefusalClass>

export type RefusalKind = keyof typeof refusalClass

/** A refusal as data, for answers that are not failures. */
export interface Refusal {
  readonly kind: RefusalKind
  readonly sentence: string
}
