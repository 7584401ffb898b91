/**
 * An e-mail address as `mail` may hold it (an IA5 string, RFC 4524), whole: plain ASCII with one @, so that nothing that only
 * looks like another address, and nothing that a server would fold into one, counts as it.
 */
export const isMail = (text: string): boolean => /^[!-?A-~]+@[A-Za-z0-9.-]+$/.test(text)
