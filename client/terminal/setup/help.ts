/** How a round trip knows Berth’s answer. */

/** Said first by `help` in every chat (`gateway/chat/help.ts`). */
export const isHelp = (text: unknown): boolean => typeof text === 'string' && text.includes('Berth lends containers')
