import type { defs } from '@holdfast/lexicons'

type Label = NonNullable<defs.DatasetView['labels']>[number]

/** The labels an author put on a record, in the form that labels of others have. */
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
