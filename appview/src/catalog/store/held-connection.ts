import postgres, { type Sql } from 'postgres'

/**
 * One connection that is kept for what hangs on it, a lock or a LISTEN: never idle for too long or too old, and its
 * end is told, since the driver would quietly make another on which nothing hangs.
 */
export function openHeldConnection(
  databaseUrl: string,
  options: {
    applicationName: string
    onClosed: () => void
    onNotify?: (channel: string, payload: string) => void
  },
): Sql {
  const { applicationName, onClosed, onNotify } = options
  return postgres(databaseUrl, {
    max: 1,
    idle_timeout: 0,
    max_lifetime: null,
    connect_timeout: 10,
    fetch_types: false,
    onnotice: () => {},
    onclose: onClosed,
    // The driver hands it through, though its types know only of `listen`, which gives up when it cannot reconnect.
    ...(onNotify && { onnotify: onNotify }),
    connection: { application_name: applicationName },
  })
}
