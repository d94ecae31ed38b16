import { CommandError } from './command-error.ts'

/** Parses the value of an option that takes a whole number between bounds, both included. */
export function wholeNumber(name: string, most: number, least = 1): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (Number.isInteger(value) && value >= least && value <= most) return value
    throw new CommandError(
      'usage',
      `${name} is ${JSON.stringify(text)}; give a whole number from ${least} to ${most}.`,
    )
  }
}
