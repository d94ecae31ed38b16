import { type Agent, stringifyLex } from '@atproto/api'
import { type Authorities, normalizeTypes, writtenNsid, writtenTypes } from '@holdfast/lexicons/authority'
import { type ForeignCollection, isForeign } from '@holdfast/lexicons/foreign'
import type { Collection } from '@holdfast/lexicons/nsid'
import { failureOf } from './xrpc-failure.ts'

/** A record in its JSON form: blobs and CIDs are `{"$link"}`, every `$type` of ours canonical. */
export type RecordJson = { readonly [field: string]: unknown }

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

/** A blob as a record refers to it (atproto data model). */
export interface BlobJson {
  readonly $type: 'blob'
  readonly ref: { readonly $link: string }
  readonly mimeType: string
  readonly size: number
}

/** One account's repo. Errors are Failures. */
export interface Repo {
  readonly did: string
  get(collection: Collection | ForeignCollection, rkey: string): Promise<StoredRecord | undefined>
  list(collection: Collection): AsyncGenerator<StoredRecord>
  /** Refused with a `conflict` unless the record there is `swap`, or none if that is null. */
  put(at: RecordPlace, value: RecordJson, swap: string | null): Promise<RecordRef>
  delete(at: RecordPlace, swap: string): Promise<void>
  uploadBlob(bytes: Uint8Array, mimeType: string): Promise<BlobJson>
}

export interface RecordPlace {
  readonly collection: Collection
  readonly rkey: string
}

/** The repo of an account through an agent: signed in for writing, at its PDS for reading. */
export function repoOf(agent: Agent, did: string, authorities: Authorities): Repo {
  const written = (collection: Collection | ForeignCollection) =>
    isForeign(collection) ? collection : writtenNsid(collection, authorities)
  const received = (record: { uri: string; cid?: string | undefined; value: unknown }): StoredRecord => ({
    uri: record.uri,
    cid: record.cid ?? '',
    rkey: record.uri.split('/').at(-1)!,
    value: normalizeTypes(JSON.parse(stringifyLex(record.value as never)) as RecordJson, authorities),
  })
  const { repo } = agent.com.atproto
  return {
    did,
    async get(collection, rkey) {
      try {
        const { data } = await repo.getRecord({ repo: did, collection: written(collection), rkey })
        return received(data)
      } catch (error) {
        if ((error as { error?: string }).error === 'RecordNotFound') return undefined
        throw failureOf(error, `Reading ${written(collection)}/${rkey}`)
      }
    },
    async *list(collection) {
      for (let cursor: string | undefined; ; ) {
        const { data } = await repo
          .listRecords({ repo: did, collection: written(collection), limit: 100, ...(cursor && { cursor }) })
          .catch((error) => {
            throw failureOf(error, `Listing the records of ${did}`)
          })
        for (const record of data.records) yield received(record)
        cursor = data.cursor
        if (!cursor || data.records.length === 0) return
      }
    },
    async put({ collection, rkey }, value, swap) {
      const record = writtenTypes({ ...value, $type: collection }, authorities)
      try {
        const { data } = await repo.putRecord({
          repo: did,
          collection: written(collection),
          rkey,
          record,
          swapRecord: swap,
        })
        return { uri: data.uri, cid: data.cid }
      } catch (error) {
        throw failureOf(error, `Writing ${written(collection)}/${rkey}`)
      }
    },
    async delete({ collection, rkey }, swap) {
      try {
        await repo.deleteRecord({ repo: did, collection: written(collection), rkey, swapRecord: swap })
      } catch (error) {
        throw failureOf(error, `Deleting ${written(collection)}/${rkey}`)
      }
    },
    async uploadBlob(bytes, mimeType) {
      try {
        const { data } = await repo.uploadBlob(bytes, { encoding: mimeType })
        return JSON.parse(stringifyLex(data.blob as never)) as BlobJson
      } catch (error) {
        throw failureOf(error, `Uploading ${bytes.length} bytes`)
      }
    },
  }
}
