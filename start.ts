import { loadConfig as loadAppViewConfig } from '@holdfast/appview/config'
import { runUntilStopped, startAppView } from '@holdfast/appview/main'
import { loadConfig as loadTrackerConfig } from '@holdfast/tracker/config'
import { startTracker } from '@holdfast/tracker/main'

/** The AppView and its tracker in one process, until it is told to stop; resolves with the exit code. */
export function start(env: Readonly<Record<string, string | undefined>>): Promise<number> {
  return runUntilStopped(async (running, onBroken) => {
    const config = loadAppViewConfig(env)
    const appView = running.use(await startAppView(config, { onBroken }))
    // Beside its AppView the tracker needs no address to find it by.
    const appViewUrl = env.HOLDFAST_APPVIEW_URL?.trim() || appView.url
    running.use(await startTracker(loadTrackerConfig({ ...env, HOLDFAST_APPVIEW_URL: appViewUrl })))
    process.stdout.write(
      `Holdfast is open at ${appView.publicUrl}; announce to ${config.trackers.join(' ')}\n`,
    )
  })
}
