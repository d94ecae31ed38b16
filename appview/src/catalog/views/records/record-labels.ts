import type { defs } from '@holdfast/lexicons'

type Label = NonNullable<defs.DatasetView['labels']>[number]

/** The labels that an author gave their own record, in the form of labels by others. */
export function selfLabels(row: {
  did: string
  uri: string
  cid: string
  value: Record<string, unknown>
}): Label[] {
  const values = (row.value.labels as { values?: { val?: unknown }[] } | undefined)?.values
  if (!Array.isArray(values)) return []
  return values.flatMap(({ val }) => {
    if (typeof val !== 'string') return []
    return [{ src: row.did, uri: row.uri, cid: row.cid, val, cts: row.value.createdAt } as Label]
  })
}
