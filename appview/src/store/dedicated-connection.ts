import postgres, { type Sql } from 'postgres'

/**
 * Opens one connection that is kept for a lock or a LISTEN. It has no limit of idle time or age, and its end is reported,
 * since the driver would silently replace it with a connection that has neither.
 */
export function openDedicatedConnection(
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
    // The driver accepts this option, though its types lack it. Its `listen` gives up when it cannot reconnect.
    ...(onNotify && { onnotify: onNotify }),
    connection: { application_name: applicationName },
  })
}
