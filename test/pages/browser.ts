import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

const executablePath = process.env.HOLDFAST_TEST_CHROMIUM ?? '/usr/bin/chromium'

/** Whether Debian's Chromium is here; says once what is left out where it is not, and fails in CI, which installs it. */
export function hasChromium(what: string): boolean {
  if (existsSync(executablePath)) return true
  if (process.env.CI === 'true') throw new Error(`CI must have ${executablePath}: no page may be left out.`)
  process.stderr.write(`left out: ${what} (${executablePath} is missing)\n`)
  return false
}

/** A browser with no profile and no way to anything but this machine. */
export async function startBrowser(flags: readonly string[] = []): Promise<Browser & AsyncDisposable> {
  return chromium.launch({
    executablePath,
    args: ['--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE localhost, EXCLUDE 127.0.0.1', ...flags],
  })
}

/** Lets browsers on this machine reach each other by WebRTC: no mDNS names in place of addresses, loopback allowed. */
export const meetsOnLoopback = [
  '--disable-features=WebRtcHideLocalIpsWithMdns',
  '--allow-loopback-in-peer-connection',
]
