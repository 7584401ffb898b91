/** Words for Temporal's visibility store. */

/** A text as a value of a query, whatever stands in it. */
export const quoted = (text: string): string => `'${text.replace(/\\/g, '\\\\').replace(/'/g, "\\'")}'`
