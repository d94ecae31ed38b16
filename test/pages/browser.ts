import { type Browser, chromium } from 'playwright-core'

/** A browser without a profile that can reach only this machine. */
export async function startBrowser(flags: readonly string[] = []): Promise<Browser & AsyncDisposable> {
  return chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE localhost, EXCLUDE 127.0.0.1', ...flags],
  })
}

/**
 * Lets browsers on this machine reach each other by WebRTC: addresses are not replaced by mDNS names, and loopback is
 * allowed.
 */
export const meetsOnLoopback = [
  '--disable-features=WebRtcHideLocalIpsWithMdns',
  '--allow-loopback-in-peer-connection',
]
