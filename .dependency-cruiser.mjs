// The import table of docs/architecture.md: a component and what it may import of ours. What is not listed is an error.
const appview = (folder) => `^appview/src/${folder}/`
const [lexicons, torrent, runtime] = ['^lexicons/', '^torrent/', '^runtime/']
const publicHost = '^appview/src/outbound/public-host\\.ts$'
/** What every interface of the index stands on: XRPC, pages and feeds. */
const interfaces = [
  lexicons,
  runtime,
  ...['runtime', 'threads', 'store', 'search-terms', 'catalog', 'search', 'http'].map(appview),
]
const components = {
  [lexicons]: [],
  [torrent]: [],
  [runtime]: [],
  [appview('threads')]: [],
  [appview('runtime')]: [runtime],
  [appview('outbound')]: [runtime, appview('runtime')],
  [appview('store')]: [runtime, appview('runtime')],
  [appview('search-terms')]: [lexicons, appview('threads'), appview('store')],
  [appview('catalog')]: [
    ...[lexicons, torrent, runtime, publicHost],
    ...['runtime', 'threads', 'store', 'search-terms'].map(appview),
  ],
  [appview('search')]: [
    lexicons,
    torrent,
    runtime,
    ...['runtime', 'store', 'search-terms', 'catalog'].map(appview),
  ],
  [appview('ingest')]: [
    ...[lexicons, runtime],
    ...['runtime', 'threads', 'outbound', 'store', 'catalog'].map(appview),
  ],
  [appview('swarm')]: [
    torrent,
    runtime,
    ...['runtime', 'threads', 'outbound', 'store', 'catalog'].map(appview),
  ],
  [appview('upkeep')]: ['runtime', 'store', 'search-terms', 'catalog', 'search'].map(appview),
  [appview('http')]: [
    lexicons,
    runtime,
    ...['runtime', 'threads', 'outbound', 'store', 'ingest/identity'].map(appview),
  ],
  [appview('xrpc')]: interfaces,
  [appview('pages/browser')]: [lexicons, torrent],
  '^appview/src/pages/(?!browser/)': interfaces,
  [appview('feeds')]: interfaces,
  [appview('admin')]: [lexicons, runtime, ...['store', 'catalog', 'ingest'].map(appview)],
  '^tracker/': [lexicons, torrent, runtime],
  '^cli/': [lexicons, torrent, runtime],
}
/**
 * The folders of a component, and which of the others each may import: arrows between folders point one way. What stands beside
 * the folders either composes them or is a leaf that they share.
 */
const folders = {
  search: { query: [], plan: ['query'], postgres: ['plan', 'query'], memory: ['plan', 'query'] },
  catalog: {
    derive: [],
    read: [],
    indexers: ['derive'],
    swarms: ['derive', 'read'],
    views: ['derive', 'read'],
  },
  ingest: {
    frame: [],
    websocket: [],
    verify: ['frame'],
    identity: ['verify'],
    source: ['frame', 'verify', 'websocket'],
    state: ['frame', 'identity', 'source'],
    resync: ['frame', 'identity', 'source', 'state', 'verify'],
    events: ['frame', 'identity', 'resync', 'source', 'state', 'verify'],
    archive: ['identity', 'resync', 'state'],
  },
  swarm: { trackers: [], dht: ['trackers'], probes: ['trackers'], metainfo: ['probes'] },
  feeds: { 'linked-data': [], oai: [], sitemaps: [], 'well-known': ['linked-data'] },
  pages: {
    i18n: [],
    browser: [],
    server: [],
    parts: ['i18n', 'server'],
    routes: ['i18n', 'parts', 'server'],
  },
  xrpc: { auth: [], streams: [], admin: [], public: ['streams'] },
}
const folderRules = Object.entries(folders).flatMap(([component, all]) =>
  Object.entries(all).map(([folder, may]) => ({
    name: `${component}/${folder}/ imports ${may.length > 0 ? may.join(' and ') : 'no other folder'} of ${component}`,
    severity: 'error',
    from: { path: appview(`${component}/${folder}`), pathNot: '\\.test\\.ts$' },
    to: {
      path: `^appview/src/${component}/[^/]+/`,
      pathNot: [folder, ...may].map((one) => appview(`${component}/${one}`)),
    },
  })),
)
/** What tests in any folder may ask: whether what they need is here. It imports nothing of ours. */
const requirements = '^test/system/requirements\\.ts$'
/** Fixtures that tests of several components share. */
const testing = '^appview/testing/'
const ours = '^((lexicons|torrent|runtime|appview|tracker|cli|test)/|start\\.ts$)'

export default {
  forbidden: [
    ...Object.entries(components).map(([component, may]) => ({
      name: `component ${component.replace(/^\^/, '')}`,
      severity: 'error',
      from: { path: component },
      to: { path: ours, pathNot: [component, ...may, requirements, testing] },
    })),
    ...folderRules,
    {
      name: 'what is searched for is data: it knows no SQL and no store',
      severity: 'error',
      from: { path: appview('search/(query|plan)'), pathNot: '\\.test\\.ts$' },
      to: { path: ['(^|/)drizzle-orm(/|$)', appview('store')], reachable: true },
    },
    {
      name: 'memory matches without SQL',
      severity: 'error',
      from: { path: appview('search/memory/match') },
      to: { path: ['(^|/)drizzle-orm(/|$)', appview('store')] },
    },
    {
      name: 'appview/ stands on lexicons/, torrent/ and runtime/ alone',
      severity: 'error',
      from: { path: '^appview/' },
      to: { path: '^((tracker|cli|test)/|start\\.ts$)', pathNot: requirements },
    },
    {
      name: 'only start.ts imports both mains',
      severity: 'error',
      from: { path: '^start\\.ts$' },
      to: { path: ours, pathNot: ['^(appview|tracker)/src/(main|config)\\.ts$'] },
    },
    {
      name: 'only what asks the store imports Drizzle',
      severity: 'error',
      from: {
        pathNot:
          '(^(appview/src/(store|search-terms|catalog|search)/|appview/(drizzle\\.|testing/)|test/)|\\.test\\.ts$)',
      },
      to: { path: '(^|/)drizzle-orm(/|$)' },
    },
    {
      name: 'only tests import fixtures',
      severity: 'error',
      from: {
        path: '^(lexicons|torrent|runtime|appview|tracker|cli)/',
        pathNot: '(\\.test\\.ts$|^appview/testing/)',
      },
      to: { path: testing },
    },
    {
      name: 'only tests ask for requirements',
      severity: 'error',
      from: {
        path: '^(lexicons|torrent|appview|tracker|cli)/',
        pathNot: '(\\.test\\.ts$|^appview/testing/)',
      },
      to: { path: requirements },
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
