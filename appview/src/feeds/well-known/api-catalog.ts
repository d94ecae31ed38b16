import { methods } from '@holdfast/lexicons/nsid'

export const apiCatalogType = 'application/linkset+json; profile="https://www.rfc-editor.org/info/rfc9727"'

/** Lists every interface for programs, as a linkset (RFC 9727; the format is that of RFC 9264). */
export function apiCatalog(home: string): object {
  const html = 'text/html'
  const interfaces = [
    {
      anchor: `${home}/xrpc/`,
      'service-desc': [
        { href: `${home}/openapi.json`, type: 'application/vnd.oai.openapi+json;version=3.1' },
      ],
      'service-doc': [{ href: `${home}/api`, type: html }],
      'service-meta': [{ href: `${home}/xrpc/${methods.describeServer}`, type: 'application/json' }],
      status: [{ href: `${home}/health`, type: 'application/json' }],
    },
    {
      anchor: `${home}/catalog`,
      'service-doc': [{ href: 'https://www.w3.org/TR/vocab-dcat-3/', type: html }],
      'service-meta': [{ href: `${home}/.well-known/void`, type: 'text/turtle' }],
    },
    {
      anchor: `${home}/oai`,
      'service-doc': [{ href: 'https://www.openarchives.org/OAI/openarchivesprotocol.html', type: html }],
      'service-meta': [{ href: `${home}/oai?verb=Identify`, type: 'text/xml' }],
    },
    {
      anchor: `${home}/torznab/api`,
      'service-meta': [{ href: `${home}/torznab/api?t=caps`, type: 'application/xml' }],
    },
    {
      anchor: `${home}/feeds.opml`,
      'service-doc': [{ href: `${home}/feeds`, type: html }],
    },
  ]
  const items = { anchor: addressOf(home), item: interfaces.map(({ anchor }) => ({ href: anchor })) }
  return { linkset: [items, ...interfaces] }
}

export function addressOf(home: string): string {
  return `${home}/.well-known/api-catalog`
}
