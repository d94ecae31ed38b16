import type { defs } from '@holdfast/lexicons'
import { type SQL, sql } from 'drizzle-orm'
import { toInstant } from '../../store/sql.ts'

export interface ProbeRow {
  url: string
  status: string
  detail: {
    httpStatus?: number
    message?: string
    https?: boolean
    cors?: boolean
    /** Only for a webseed: its kind, and whether the metainfo itself names it. */
    kind?: string
    metainfo?: boolean
  }
  /** Only for a webseed of a torrent: whether that torrent's own metainfo names it. */
  isInMetainfo?: boolean
  checkedAt: string
  changedAt: string
  history?: { at: string; status: string }[] | null
}

/** The results of probing the addresses of a subject, as a JSON array of {@link ProbeRow}. */
export function probesJson(subject: SQL, options: { history: boolean; isInMetainfo?: SQL }): SQL {
  const history = sql`, 'history', (
    SELECT jsonb_agg(jsonb_build_object('at', h.at, 'status', h.status) ORDER BY h.at DESC)
    FROM local.probe_history h WHERE h.subject = p.subject AND h.url = p.url)`
  return sql`(
    SELECT jsonb_agg(jsonb_build_object('url', p.url, 'status', p.status, 'detail', p.detail,
      'checkedAt', p.checked_at, 'changedAt', p.changed_at ${options.history ? history : sql``}
      ${options.isInMetainfo ? sql`, 'isInMetainfo', ${options.isInMetainfo}` : sql``}) ORDER BY p.url)
    FROM local.probe p WHERE p.subject = ${subject})`
}

/** Makes the views of the sources that a record names, each with its last probe. */
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
