/** The id of the service entry by which a PDS finds this server when it forwards a client's call (`atproto-proxy`). */
export const serviceId = 'holdfast_appview'

/** The did:web of a public address (did:web method specification: a port is percent-encoded). */
export function didOf(publicUrl: string): string {
  return `did:web:${new URL(publicUrl).host.replace(':', '%3A')}`
}

/** The DID document that is served at `/.well-known/did.json`. */
export function didDocument(publicUrl: string): object {
  return {
    '@context': ['https://www.w3.org/ns/did/v1'],
    id: didOf(publicUrl),
    service: [{ id: `#${serviceId}`, type: 'HoldfastAppView', serviceEndpoint: publicUrl }],
  }
}
