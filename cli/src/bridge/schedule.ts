import { createHash } from 'node:crypto'

export interface Schedule {
  /** A line for `crontab -e`. */
  readonly cron: string
  /** Two units for `~/.config/systemd/user/`, by their names. */
  readonly units: Readonly<Record<string, string>>
}

/**
 * How a system runs a command once a day. The time of day follows from the address, so that not everybody asks a source
 * in the same minute.
 */
export function scheduleOf(url: string, command: readonly string[]): Schedule {
  const number = createHash('sha256').update(url).digest().readUInt32BE()
  const [hour, minute] = [number % 24, Math.floor(number / 24) % 60]
  const name = `holdfast-bridge-${new URL(url).hostname.replace(/[^a-z0-9.-]/gi, '-')}`
  const time = `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}:00`
  return {
    cron: `${minute} ${hour} * * * ${command.map(forCron).join(' ')}`,
    units: {
      [`${name}.service`]: `[Unit]
Description=Follow ${url.replaceAll('%', '%%')}
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
ExecStart=${command.map(forSystemd).join(' ')}
`,
      [`${name}.timer`]: `[Unit]
Description=Follow ${url.replaceAll('%', '%%')} every day

[Timer]
OnCalendar=*-*-* ${time}
Persistent=true

[Install]
WantedBy=timers.target
`,
    },
  }
}

/** A word for the shell that cron starts; there a `%` would end the command (crontab(5)). */
function forCron(word: string): string {
  const quoted = /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
  return quoted.replaceAll('%', '\\%')
}

/** A word of a command line in a unit, where `%` and `$` begin names that are replaced (systemd.service(5)). */
function forSystemd(word: string): string {
  const escaped = word.replaceAll('%', '%%').replaceAll('$', '$$$$')
  return /^[\w@%+=:,./$-]+$/.test(escaped) ? escaped : `"${escaped.replace(/["\\]/g, '\\$&')}"`
}
