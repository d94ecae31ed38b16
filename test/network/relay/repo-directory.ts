import { decode } from '@atproto/lex-cbor'
import type { LexMap } from '@atproto/lex-data'
import { didOf, type Frame } from './frames.ts'

export interface RepoState {
  readonly did: string
  host: string
  head: string
  rev: string
  active: boolean
  status?: string
  /** The collections that the account was seen to write to. */
  readonly collections: Set<string>
}

/** What the relay knows about each account from the frames that pass. */
export class RepoDirectory {
  readonly repos = new Map<string, RepoState>()
  #plcUrl: string | undefined

  constructor(plcUrl?: string) {
    this.#plcUrl = plcUrl
  }

  /** Whether `host` may send events of the frame's account: the first host seen, or the one that its DID document names now. */
  async admits(frame: Frame, host: string): Promise<boolean> {
    const did = didOf(frame)
    const known = did && this.repos.get(did)
    if (!known || known.host === host || !this.#plcUrl) return true
    if ((await this.#hostInPlc(did)) !== host) return false
    known.host = host
    return true
  }

  observe(frame: Frame, host: string) {
    const did = didOf(frame)
    if (!did) return
    const repo = this.repos.get(did) ?? { did, host, head: '', rev: '', active: true, collections: new Set() }
    this.repos.set(did, repo)
    const { t, body } = frame
    if (t === '#commit') observeCommit(repo, body)
    if (t === '#sync') Object.assign(repo, { rev: String(body.rev), head: rootOf(body.blocks) ?? repo.head })
    if (t === '#account') {
      repo.active = body.active === true
      repo.status = typeof body.status === 'string' ? body.status : undefined
    }
  }

  async #hostInPlc(did: string): Promise<string | undefined> {
    const response = await fetch(new URL(`/${did}/data`, this.#plcUrl))
    if (!response.ok) return undefined
    const data = (await response.json()) as { services?: Record<string, { endpoint?: string }> }
    const endpoint = data.services?.atproto_pds?.endpoint
    return endpoint && URL.canParse(endpoint) ? new URL(endpoint).origin : undefined
  }
}

function observeCommit(repo: RepoState, body: LexMap) {
  repo.rev = String(body.rev)
  repo.head = String(body.commit)
  for (const { action, path } of (body.ops ?? []) as { action: string; path: string }[]) {
    if (action === 'create') repo.collections.add(path.split('/')[0]!)
  }
}

/** The root in the header of a CAR, whose length is one byte if there is a single root (CAR v1). */
function rootOf(blocks: unknown): string | undefined {
  if (!(blocks instanceof Uint8Array) || blocks[0] === undefined || blocks[0] >= 128) return undefined
  const header = decode<LexMap>(blocks.subarray(1, 1 + blocks[0]))
  return Array.isArray(header.roots) ? header.roots[0]?.toString() : undefined
}
