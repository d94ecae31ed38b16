/** Common names of media types; others are shown as they are. */
const names: Readonly<Record<string, string>> = {
  'text/csv': 'CSV',
  'text/tab-separated-values': 'TSV',
  'text/plain': 'TXT',
  'text/html': 'HTML',
  'text/markdown': 'Markdown',
  'application/json': 'JSON',
  'application/geo+json': 'GeoJSON',
  'application/xml': 'XML',
  'application/pdf': 'PDF',
  'application/zip': 'ZIP',
  'application/gzip': 'gzip',
  'application/x-tar': 'tar',
  'application/netcdf': 'NetCDF',
  'application/x-netcdf': 'NetCDF',
  'application/x-hdf': 'HDF',
  'application/x-hdf5': 'HDF5',
  'application/vnd.apache.parquet': 'Parquet',
  'application/vnd.sqlite3': 'SQLite',
  'application/geopackage+sqlite3': 'GeoPackage',
  'application/vnd.ms-excel': 'XLS',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': 'XLSX',
  'application/warc': 'WARC',
  'application/wacz': 'WACZ',
  'image/tiff': 'TIFF',
  'image/jpeg': 'JPEG',
  'image/png': 'PNG',
}

export function formatName(mediaType: string): string {
  const known = mediaType.toLowerCase()
  return Object.hasOwn(names, known) ? names[known]! : mediaType
}

/** The names of the first few formats of a record, without repetitions. */
export function formatNames(record: { formats?: readonly { mediaType?: string }[] }): string[] {
  const given = (record.formats ?? []).flatMap(({ mediaType }) => (mediaType ? [formatName(mediaType)] : []))
  return [...new Set(given)].slice(0, 6)
}
