import { readFileSync } from 'node:fs'

/**
 * The peak memory of this process, in MB. Linux resets this value when a program starts; `resourceUsage().maxRSS` would
 * include the process that started it.
 */
export function peakRssMB(): number {
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))![1]) / 1024
}
