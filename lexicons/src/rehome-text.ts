/**
 * Moves every NSID of one authority in a JSON lexicon to another. Only strings that are an NSID are changed, so prose
 * that mentions one stays as it is.
 */
export function rehomeText(json: string, from: string, to: string): string {
  if (from === to) return json
  return json.replaceAll(`"${from}.`, `"${to}.`)
}
