/** The messages between the main thread (`threaded-pglite.ts`) and the thread in which PGlite runs (`pglite-thread.ts`). */

export type PgliteJob =
  | {
      readonly kind: 'open'
      readonly dataDir: string | undefined
      /** PGlite's code, compiled; threads of one process share it with all that it was optimized to. */
      readonly code: WebAssembly.Module
    }
  | {
      readonly kind: 'query'
      readonly text: string
      readonly parameters: readonly unknown[]
      readonly asArrays: boolean
      /** The OIDs of types whose values are returned as PostgreSQL's text. */
      readonly asText: readonly number[]
    }
  | { readonly kind: 'exec'; readonly text: string }
  | { readonly kind: 'listen'; readonly channel: string }
  | { readonly kind: 'close' }

export interface PgliteResult {
  readonly rows: Record<string | number, unknown>[]
  readonly fields: { name: string; dataTypeID: number }[]
  readonly affectedRows?: number
}

export type ToThread = PgliteJob & { readonly id: number }

export type FromThread =
  | { readonly id: number; readonly result: PgliteResult | undefined }
  | { readonly id: number; readonly error: StoreErrorParts }
  | { readonly channel: string; readonly payload: string }
  /** The store has failed for good; the thread ends after this message. */
  | { readonly broken: string }

/** An error as it crosses between threads, which would lose its SQLSTATE. */
export interface StoreErrorParts {
  readonly name: string
  readonly message: string
  readonly code?: string
  readonly detail?: string
  readonly constraint?: string
}
