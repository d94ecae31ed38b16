import { allDocuments, lexiconDocuments } from '@holdfast/lexicons/documents'
import { adminMethods } from '@holdfast/lexicons/nsid'
import { openApiOf } from '@holdfast/lexicons/openapi'

/** The OpenAPI document of this server. */
export function describeApi({
  name,
  version,
  serverUrl,
}: {
  name: string
  version: string
  serverUrl: string
}): object {
  const operators: readonly string[] = Object.values(adminMethods)
  documents ??= allDocuments()
  return openApiOf(documents, {
    ...{ title: name, version, serverUrl },
    isOperators: (nsid) => operators.includes(nsid),
  })
}

// Reading them takes some milliseconds, and they do not change while the server runs.
let documents: ReturnType<typeof allDocuments> | undefined
let own: ReadonlyMap<string, object> | undefined

/** The lexicon that a file's name (`NSID.json`) names; undefined for any other. */
export function lexiconOf(file: string): object | undefined {
  own ??= new Map(lexiconDocuments().map((document) => [`${document.id}.json`, document]))
  return own.get(file)
}
