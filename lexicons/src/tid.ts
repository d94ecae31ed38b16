const tidForm = /^[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}$/
const digits = '234567abcdefghijklmnopqrstuvwxyz'
/** The other two say which clock it was. */
const timeDigits = 11

/** The instant a TID names, in milliseconds (atproto spec, "Timestamp Identifiers"); undefined when it is none. */
export function tidTimeMs(tid: string): number | undefined {
  if (!tidForm.test(tid)) return undefined
  let microseconds = 0
  for (let i = 0; i < timeDigits; i++) microseconds = microseconds * 32 + digits.indexOf(tid[i]!)
  return microseconds / 1_000
}
