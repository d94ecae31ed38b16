declare module 'rdf-canonize' {
  export function canonize(
    dataset: readonly object[],
    options: { algorithm: 'URDNA2015'; format: 'application/n-quads' },
  ): Promise<string>
}
