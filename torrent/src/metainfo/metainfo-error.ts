/** A metainfo file that is refused; `field` names where, in the words of the BEPs (`info.files[3].path`). */
export class MetainfoError extends Error {
  readonly field: string
  constructor(field: string, problem: string) {
    super(`${field}: ${problem}`)
    this.name = 'MetainfoError'
    this.field = field
  }
}
