// The import table of docs/architecture: room -> what it may import. Everything not listed is an error.
const rooms = {
  '^lexicons/': [],
  '^torrent/': [],
  '^appview/src/ingest/': ['^lexicons/', '^appview/src/catalog/', '^appview/src/guarded-fetch'],
  '^appview/src/catalog/': ['^lexicons/', '^torrent/'],
  '^appview/src/xrpc/': ['^lexicons/', '^appview/src/catalog/'],
  '^appview/src/pages/': ['^lexicons/', '^appview/src/catalog/'],
  '^appview/src/feeds/': ['^lexicons/', '^appview/src/catalog/'],
  '^appview/src/swarm/': ['^appview/src/catalog/', '^torrent/', '^appview/src/guarded-fetch'],
  '^tracker/': ['^lexicons/', '^torrent/'],
  '^cli/': ['^lexicons/', '^torrent/'],
}
const ours = '^(lexicons|torrent|appview|tracker|cli|test)/'
export default {
  forbidden: [
    ...Object.entries(rooms).map(([room, may]) => ({
      name: `room ${room.slice(1, -1)}`,
      severity: 'error',
      from: { path: room },
      to: { path: ours, pathNot: [room, ...may] },
    })),
    {
      name: 'only catalog/ imports Drizzle',
      severity: 'error',
      from: { pathNot: '^(appview/src/catalog/|test/)' },
      to: { path: 'drizzle-orm' },
    },
    { name: 'no cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'default'],
      extensions: ['.ts', '.js'],
    },
  },
}
