/** A metainfo file is rejected; `field` says where the fault is, in the terms of the BEPs (`info.files[3].path`). */
export class MetainfoError extends Error {
  readonly field: string
  constructor(field: string, problem: string) {
    const place = clip(field)
    super(`${place}: ${clip(problem)}`)
    this.name = 'MetainfoError'
    this.field = place
  }
}

/** The file may be well formed, but exceeds one of the limits that `parseMetainfo` was given. */
export class MetainfoLimitError extends MetainfoError {
  constructor(field: string, problem: string) {
    super(field, problem)
    this.name = 'MetainfoLimitError'
  }
}

/** Names in the message come from the file, and their author may have made them very long. */
function clip(text: string): string {
  return text.length <= 400 ? text : `${text.slice(0, 400).toWellFormed()}…`
}
