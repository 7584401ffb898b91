/** A moment as people read it, to the minute, in UTC: the story does not know the member's time zone. */
export const sayMoment = (ms: number): string => `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`
