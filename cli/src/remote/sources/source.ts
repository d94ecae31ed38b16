import type { RemoteFile } from '../remote-file.ts'
import type { Web, WebAnswer } from '../web.ts'

/** The files at a place. */
export interface Found {
  readonly files: readonly RemoteFile[]
  /** The directory that was asked for, if the files are below one. */
  readonly root?: URL | undefined
  /** What the origin lists and no torrent can hold. */
  readonly skipped: readonly { readonly url: string; readonly reason: string }[]
}

export interface SourceOptions {
  readonly web: Web
  /** How many files a place may have, and how many directories may be within one another. */
  readonly maxFiles: number
  readonly maxDepth: number
  readonly connections: number
  /** The server of `s3://` addresses, with a slash at its end, if it is not Amazon's. */
  readonly endpoint?: string | undefined
  /** Whether a file or directory is left out by its path below the place. */
  readonly isExcluded: (path: readonly string[]) => string | undefined
  readonly onFound: (count: number) => void
}

/** A kind of place. */
export interface Source {
  /** Reads the place if it is of this kind; undefined if it is not. `first` is what the address itself answered. */
  read(url: URL, first: WebAnswer | undefined, options: SourceOptions): Promise<Found | undefined>
}
