import type { IncomingMessage } from 'node:http'
import { holdsToken } from './operator-token.ts'

export interface OwnProgramsOptions {
  /** Whether the server is public, and so behind a proxy: requests from this machine may then be anybody's. */
  isPublic: boolean
  adminToken: string | undefined
  /** Called for a request from this machine that does not name the client it was forwarded for. */
  onUnnamed(): void
}

/** Recognizes the operator's own programs: the tracker, scripts, monitors. */
export interface OwnPrograms {
  includes(req: IncomingMessage): boolean
}

/**
 * A request with the operator's token counts as one. So does a request that comes from this machine directly, but only
 * while the server has no public URL: requests from strangers look the same behind an onion service, or behind a proxy that
 * does not add `X-Forwarded-For`.
 */
export function ownPrograms({ isPublic, adminToken, onUnnamed }: OwnProgramsOptions): OwnPrograms {
  return {
    includes(req) {
      if (adminToken !== undefined && holdsToken(req, adminToken)) return true
      if (!isLoopback(req.socket.remoteAddress) || req.headers['x-forwarded-for'] !== undefined) return false
      if (isPublic) onUnnamed()
      return !isPublic
    },
  }
}

function isLoopback(address = ''): boolean {
  return address === '::1' || address.startsWith('127.') || address.startsWith('::ffff:127.')
}
