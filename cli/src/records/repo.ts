import { Client } from '@atproto/lex-client'
import { lexToJson } from '@atproto/lex-json'
import type { AtIdentifierString, NsidString } from '@atproto/lex-schema'
import { isValidRecordKey } from '@atproto/syntax'
import { type Authorities, normalizeTypes, writtenNsid, writtenTypes } from '@holdfast/lexicons/authority'
import { type ForeignCollection, isForeign } from '@holdfast/lexicons/foreign'
import type { Collection } from '@holdfast/lexicons/nsid'
import { counted } from '@holdfast/runtime/counted'
import { CommandError } from '../command-error.ts'
import { warn } from '../output/terminal.ts'
import type { SessionManager } from '../session/session-manager.ts'
import { failureOf } from './xrpc-failure.ts'

/** A record in its JSON form: blobs and CIDs are `{"$link"}`, and every `$type` of ours is canonical. */
export interface RecordJson {
  readonly [field: string]: unknown
}

export interface StoredRecord {
  readonly uri: string
  readonly cid: string
  readonly rkey: string
  readonly value: RecordJson
}

export interface RecordRef {
  readonly uri: string
  readonly cid: string
}

/** A reference to a blob in a record (atproto data model). */
export interface BlobJson {
  readonly $type: 'blob'
  readonly ref: { readonly $link: string }
  readonly mimeType: string
  readonly size: number
}

/** One account's repo. Its errors are CommandErrors. */
export interface Repo {
  readonly did: string
  get(collection: Collection | ForeignCollection, rkey: string): Promise<StoredRecord | undefined>
  list(collection: Collection): AsyncGenerator<StoredRecord>
  /** Fails with a `conflict` unless the existing record has the CID `swap`, or there is no record if `swap` is null. */
  put(at: RecordPlace, value: RecordJson, swap: string | null): Promise<RecordRef>
  delete(at: RecordPlace, swap: string): Promise<void>
  /** Writes a record of another project's lexicon, under a key that the server chooses. */
  create(collection: NsidString, value: RecordJson): Promise<RecordRef>
  uploadBlob(bytes: Uint8Array, mimeType: string): Promise<BlobJson>
}

export interface RecordPlace {
  readonly collection: Collection
  readonly rkey: string
}

/** The most pages of a hundred records; three times what an index takes of an account. */
const maxPages = 3_000

/** The repo of an account, over a session that is signed in for writing, or over its PDS for reading. */
export function repoOf(session: SessionManager, did: string, authorities: Authorities): Repo {
  const client = clientOf(session)
  const repo = did as AtIdentifierString
  const written = (collection: Collection | ForeignCollection) =>
    (isForeign(collection) ? collection : writtenNsid(collection, authorities)) as NsidString
  // The URI is built here, because a server could send any text as the URI of a record.
  const uriOf = (collection: Collection | ForeignCollection, rkey: string) =>
    `at://${did}/${written(collection)}/${rkey}`
  const received = (uri: string, record: { cid?: string | undefined; value: unknown }): StoredRecord => ({
    uri,
    cid: record.cid ?? '',
    rkey: uri.split('/').at(-1)!,
    value: normalizeTypes(lexToJson(record.value as never) as RecordJson, authorities),
  })
  return {
    did,
    async get(collection, rkey) {
      try {
        const { body } = await client.getRecord(written(collection), rkey, { repo })
        return received(uriOf(collection, rkey), body)
      } catch (error) {
        if ((error as { error?: string }).error === 'RecordNotFound') return undefined
        throw failureOf(error, `Reading ${written(collection)}/${rkey}`)
      }
    },
    async *list(collection) {
      const seen = new Set<string>()
      for (let cursor: string | undefined; ; ) {
        const { body } = await client
          .listRecords(written(collection), { repo, limit: 100, ...(cursor && { cursor }) })
          .catch((error) => {
            throw failureOf(error, `Listing the records of ${did}`)
          })
        for (const record of body.records) {
          const rkey = record.uri.split('/').at(-1) ?? ''
          if (isValidRecordKey(rkey)) yield received(uriOf(collection, rkey), record)
          else warn(`${record.uri} has an invalid record key and is ignored.`)
        }
        cursor = body.cursor
        if (!cursor || body.records.length === 0) return
        if (seen.has(cursor) || seen.size === maxPages)
          throw new CommandError('network', `The server of ${did} lists records without end.`)
        seen.add(cursor)
      }
    },
    async put({ collection, rkey }, value, swap) {
      const $type = written(collection)
      const record = writtenTypes({ ...value, $type: collection }, authorities)
      try {
        // The client's type does not allow null, which requires that no record exists yet.
        const swapRecord = swap as string
        const { body } = await client.putRecord({ ...record, $type } as never, rkey, { repo, swapRecord })
        return { uri: body.uri, cid: body.cid }
      } catch (error) {
        throw failureOf(error, `Writing ${written(collection)}/${rkey}`)
      }
    },
    async delete({ collection, rkey }, swap) {
      try {
        await client.deleteRecord(written(collection), rkey, { repo, swapRecord: swap })
      } catch (error) {
        throw failureOf(error, `Deleting ${written(collection)}/${rkey}`)
      }
    },
    async create(collection, value) {
      try {
        const record = { ...value, $type: collection } as never
        const { body } = await client.createRecord(record, undefined, { repo })
        return { uri: body.uri, cid: body.cid }
      } catch (error) {
        throw failureOf(error, `Writing a record of ${collection}`)
      }
    },
    async uploadBlob(bytes, mimeType) {
      try {
        const { body } = await client.uploadBlob(bytes, { encoding: mimeType as `${string}/${string}` })
        return lexToJson(body.blob as never) as unknown as BlobJson
      } catch (error) {
        throw failureOf(error, `Uploading ${counted(bytes.length, 'byte')}`)
      }
    },
  }
}

/** Accepts a server's answers unchecked: the code that reads records checks them. */
export function clientOf(session: SessionManager): Client {
  const agent = { fetchHandler: (path: string, init: RequestInit) => session.fetchHandler(path, init) }
  return new Client(agent, { validateResponse: false, strictResponseProcessing: false })
}
