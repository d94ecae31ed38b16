/** The parts of a session that writing needs: its account, and authenticated requests. */
export interface SessionManager {
  readonly did?: string | undefined
  /** `path` begins with `/xrpc/`. */
  fetchHandler(path: string, init: RequestInit): Promise<Response>
}
