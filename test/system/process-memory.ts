import { readFileSync } from 'node:fs'

/** The resident memory of a process, now and at most so far, in MB of 1,048,576 bytes. Throws an Error if there is no such process. */
export function memoryOf(pid: number | string | undefined): { residentMB: number; peakMB: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const megabytes = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(status)![1]) / 1024
  return { residentMB: megabytes('VmRSS'), peakMB: megabytes('VmHWM') }
}

/**
 * The peak memory of this process, in MB. Linux resets this value when a program starts; `resourceUsage().maxRSS` would
 * include the process that started it.
 */
export function peakRssMB(): number {
  return memoryOf('self').peakMB
}
