/** The errors of OAI-PMH 2.0, section 3.6; they are sent with HTTP status 200. */
export type OaiErrorCode =
  | 'badArgument'
  | 'badResumptionToken'
  | 'badVerb'
  | 'cannotDisseminateFormat'
  | 'idDoesNotExist'
  | 'noMetadataFormats'
  | 'noRecordsMatch'
  | 'noSetHierarchy'

export class OaiError extends Error {
  override readonly name = 'OaiError'
  readonly code: OaiErrorCode

  constructor(code: OaiErrorCode, message: string) {
    super(message)
    this.code = code
  }
}

export function invalidToken(): OaiError {
  return new OaiError(
    'badResumptionToken',
    'This repository did not issue that resumption token. Begin again without it.',
  )
}
