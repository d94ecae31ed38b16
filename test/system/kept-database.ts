import postgres from 'postgres'

/**
 * Creates a database of this name next to the given one, and fills it once: loading takes minutes, so it is kept, and a
 * complete one is reused. Resolves to its URL.
 */
export async function keptDatabase(
  serverUrl: string,
  name: string,
  { fill, log }: { fill: (url: string) => Promise<void>; log: (line: string) => void },
): Promise<string> {
  const url = new URL(serverUrl)
  url.pathname = `/${name}`
  const admin = postgres(serverUrl, { max: 1, onnotice: () => {} })
  try {
    const [found] =
      await admin`SELECT shobj_description(oid, 'pg_database') AS note FROM pg_database WHERE datname = ${name}`
    if (found?.note === 'loaded') {
      log(`using ${name} again`)
      return url.href
    }
    await admin.unsafe(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
    await admin.unsafe(`CREATE DATABASE ${name}`)
    await fill(url.href)
    await admin.unsafe(`COMMENT ON DATABASE ${name} IS 'loaded'`)
    return url.href
  } finally {
    await admin.end()
  }
}
