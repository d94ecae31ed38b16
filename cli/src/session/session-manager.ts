/** What `@atproto/api`'s Agent needs of a session: its account, and requests that are signed. */
export interface SessionManager {
  readonly did?: string | undefined
  /** `path` begins with `/xrpc/`. */
  fetchHandler(path: string, init: RequestInit): Promise<Response>
}
