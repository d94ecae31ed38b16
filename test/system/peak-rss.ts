import { readFileSync } from 'node:fs'

/**
 * The most memory this process ever held, in MB. Linux counts it anew for a new program; `resourceUsage().maxRSS` is
 * taken over from the process that started it.
 */
export function peakRssMB(): number {
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))![1]) / 1024
}
