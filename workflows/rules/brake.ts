/** The brake on mass loss: beyond 5, or 5 % if that is more, Berth stops and asks an admin. */

const fewest = 5, share = 0.05

/** How many may go without anybody being asked. */
export const brakeLimit = (of: number): number => Math.max(fewest, Math.floor(of * share))
