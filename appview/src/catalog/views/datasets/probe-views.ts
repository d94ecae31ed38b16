import type { defs } from '@holdfast/lexicons'
import { type SQL, sql } from 'drizzle-orm'
import { toInstant } from '../../sql.ts'

export interface ProbeRow {
  url: string
  status: string
  detail: {
    httpStatus?: number
    message?: string
    https?: boolean
    cors?: boolean
    /** Of a webseed: its kind, and whether the metainfo itself names it. */
    kind?: string
    metainfo?: boolean
  }
  checkedAt: string
  changedAt: string
  history?: { at: string; status: string }[] | null
}

/** What probing the addresses of a subject gave, as a JSON array of {@link ProbeRow}. */
export function probesJson(subject: SQL, options: { history: boolean }): SQL {
  const history = sql`, 'history', (
    SELECT jsonb_agg(jsonb_build_object('at', h.at, 'status', h.status) ORDER BY h.at DESC)
    FROM local.probe_history h WHERE h.subject = p.subject AND h.url = p.url)`
  return sql`(
    SELECT jsonb_agg(jsonb_build_object('url', p.url, 'status', p.status, 'detail', p.detail,
      'checkedAt', p.checked_at, 'changedAt', p.changed_at ${options.history ? history : sql``}) ORDER BY p.url)
    FROM local.probe p WHERE p.subject = ${subject})`
}

/** The sources a record names, each as last probed. */
export function toSourceStatus(
  sources: readonly { url: string }[],
  probes: readonly ProbeRow[] | null,
): defs.SourceStatus[] {
  const byUrl = new Map((probes ?? []).map((probe) => [probe.url, probe]))
  return sources.slice(0, 200).map(({ url }) => {
    const probe = byUrl.get(url)
    if (!probe || probe.status === 'unchecked')
      return { url: url as defs.SourceStatus['url'], status: 'unchecked' }
    return {
      url: url as defs.SourceStatus['url'],
      status: probe.status,
      ...(probe.detail.httpStatus && { httpStatus: probe.detail.httpStatus }),
      checkedAt: instant(probe.checkedAt),
      since: instant(probe.changedAt),
      ...(probe.detail.message && { message: probe.detail.message }),
      ...(probe.history && {
        history: probe.history.slice(0, 200).map(({ at, status }) => ({ at: instant(at), status })),
      }),
    }
  })
}

function instant(text: string): NonNullable<defs.SourceStatus['checkedAt']> {
  return toInstant(text) as NonNullable<defs.SourceStatus['checkedAt']>
}
