/** The write limits of the reference PDS, in points; a put costs 2. A server may have others, and says so when they are reached. */
const [pointsAPut, pointsAnHour, pointsADay] = [2, 5_000, 35_000]

/** How long so many puts take at least, in seconds: as many as an hour allows at once, the rest in the hours and days after. */
export function expectedSeconds(puts: number): number {
  const points = Math.max(puts, 0) * pointsAPut
  const fullDays = Math.max(Math.ceil(points / pointsADay) - 1, 0)
  const fullHours = Math.max(Math.ceil((points - fullDays * pointsADay) / pointsAnHour) - 1, 0)
  return fullDays * 86_400 + fullHours * 3_600
}
