// The import table of docs/architecture.md: a room and what it may import of ours. What is not listed is an error.
const guardedFetch = '^appview/src/guarded-fetch'
const pagePaths = '^appview/src/page-paths\\.ts$'
const faces = ['^lexicons/', '^appview/src/catalog/', pagePaths]
const rooms = {
  '^lexicons/': [],
  '^torrent/': [],
  '^appview/src/guarded-fetch': [],
  '^appview/src/ingest/': ['^lexicons/', '^appview/src/catalog/', guardedFetch],
  '^appview/src/catalog/': ['^lexicons/', '^torrent/'],
  [pagePaths]: ['^lexicons/'],
  '^appview/src/xrpc/': faces,
  '^appview/src/pages/browser/': ['^lexicons/', '^torrent/'],
  '^appview/src/pages/(?!browser/)': faces,
  '^appview/src/feeds/': faces,
  '^appview/src/swarm/': ['^appview/src/catalog/', '^torrent/', guardedFetch],
  '^appview/src/admin/': ['^appview/src/catalog/', '^appview/src/ingest/', '^lexicons/'],
  '^tracker/': ['^lexicons/', '^torrent/'],
  '^cli/': ['^lexicons/', '^torrent/'],
}
const ours = '^((lexicons|torrent|appview|tracker|cli|test)/|start\\.ts$)'

export default {
  forbidden: [
    ...Object.entries(rooms).map(([room, may]) => ({
      name: `room ${room.replace(/^\^/, '')}`,
      severity: 'error',
      from: { path: room },
      to: { path: ours, pathNot: [room, ...may] },
    })),
    {
      name: 'appview/ stands on lexicons/ and torrent/ alone',
      severity: 'error',
      from: { path: '^appview/' },
      to: { path: '^((tracker|cli|test)/|start\\.ts$)' },
    },
    {
      name: 'only start.ts imports both mains',
      severity: 'error',
      from: { path: '^start\\.ts$' },
      to: { path: ours, pathNot: ['^(appview|tracker)/src/(main|config)\\.ts$'] },
    },
    {
      name: 'only catalog/ imports Drizzle',
      severity: 'error',
      from: { pathNot: '(^(appview/src/catalog/|appview/drizzle\\.|test/)|\\.test\\.ts$)' },
      to: { path: '(^|/)drizzle-orm(/|$)' },
    },
    { name: 'no cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: 'node_modules/(?!drizzle-orm)' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'default'],
      extensions: ['.ts', '.js', '.mjs'],
    },
  },
}
