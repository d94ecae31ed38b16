/**
 * A JSON lexicon with every NSID of one authority moved to another. An NSID is a string of its own, so prose
 * that mentions one stays as it is.
 */
export function rehomeText(json: string, from: string, to: string): string {
  if (from === to) return json
  return json.replaceAll(`"${from}.`, `"${to}.`)
}
