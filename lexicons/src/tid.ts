const tidForm = /^[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}$/
const digits = '234567abcdefghijklmnopqrstuvwxyz'
/** The two other digits identify the clock. */
const timeDigits = 11

/** The time of a TID in milliseconds since 1970 (atproto spec, "Timestamp Identifiers"); undefined if the text is not a TID. */
export function tidTimeMs(tid: string): number | undefined {
  if (!tidForm.test(tid)) return undefined
  let microseconds = 0
  for (let i = 0; i < timeDigits; i++) microseconds = microseconds * 32 + digits.indexOf(tid[i]!)
  return microseconds / 1_000
}
