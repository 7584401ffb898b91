/** What each request carries from one middleware to the next. */
export interface Env {
  Bindings: { readonly incoming?: { readonly socket: { readonly remoteAddress?: string | undefined; readonly encrypted?: boolean } } }
  Variables: { requestId: string; address: string }
}
