import type { torrent } from '@holdfast/lexicons'
import { filled, lines, type RecordForm } from './fields.ts'

type Torrent = Partial<torrent.Main>

/** The form of a torrent record. It does not change the files, since other files have another infohash and need another record. */
export const torrentForm: RecordForm = {
  toFields(value) {
    const { name, datasets, method, tool, captured, trackers, webseeds } = value as Torrent
    return {
      name: name ?? '',
      datasets: (datasets ?? []).map(({ uri }) => uri).join('\n'),
      captured: captured ?? '',
      tool: tool ?? '',
      method: method ?? '',
      trackers: (trackers ?? []).map(({ url }) => url).join('\n'),
      webseeds: (webseeds ?? []).map(({ url }) => url).join('\n'),
    }
  },
  toRecord(fields, before) {
    const text = (name: string) => (fields[name] ?? '').trim()
    const old = before as Torrent
    const keep = <T extends object>(
      list: readonly T[] | undefined,
      key: keyof T,
      values: readonly string[],
    ) => values.map((value) => list?.find((one) => one[key] === value) ?? { [key]: value })
    return filled(
      {
        name: text('name'),
        datasets: keep(old.datasets, 'uri', lines(fields.datasets ?? '')),
        captured: text('captured'),
        tool: text('tool'),
        method: text('method'),
        trackers: keep(old.trackers, 'url', lines(fields.trackers ?? '')),
        webseeds: keep(old.webseeds, 'url', lines(fields.webseeds ?? '')),
      },
      before,
    )
  },
  fieldOf(path) {
    const [first] = path.split('/')
    const shown = ['name', 'datasets', 'captured', 'tool', 'method', 'trackers', 'webseeds']
    return shown.find((name) => name === first)
  },
}
