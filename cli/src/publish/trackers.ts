import type { AppView } from '../appview.ts'
import { warn } from '../output/terminal.ts'

/** The announce URLs given, else those of the AppView; warns and returns undefined if the AppView cannot be asked. */
export async function chooseTrackers(
  given: readonly string[] | undefined,
  appview: AppView,
): Promise<string[] | undefined> {
  if (given && given.length > 0) return [...given]
  try {
    const { describeServer } = await import('@holdfast/lexicons')
    const { trackers = [] } = await appview.query(describeServer, {})
    const byTier = [...trackers].sort((a, b) => (a.tier ?? 0) - (b.tier ?? 0))
    return byTier.map(({ url }) => url)
  } catch (error) {
    warn(`${(error as Error).message} Its trackers are not known; name one with --tracker.`)
    return undefined
  }
}
