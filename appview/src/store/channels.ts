/** The channels of NOTIFY. A notification says only that there is something new to read. */
export const channels = {
  infoHashes: 'holdfast_info_hash',
  records: 'holdfast_record',
  sweeps: 'holdfast_sweep',
  pendingMetainfo: 'holdfast_metainfo_pending',
  search: 'holdfast_search',
} as const
