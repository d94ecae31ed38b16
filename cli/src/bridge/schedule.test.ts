import { expect, test } from 'vitest'
import { scheduleOf } from './schedule.ts'

const url = "https://c.example.gov/a%20b?x=$1&y='z'"
const { cron, units } = scheduleOf(url, ['/opt/my node', 'bridge', url])

test('words of a cron line are quoted for its shell, and its percent signs escaped', () => {
  expect(cron.split(' ').slice(5).join(' ')).toBe(
    String.raw`'/opt/my node' bridge 'https://c.example.gov/a\%20b?x=$1&y='\''z'\'''`,
  )
})

test('words of a systemd unit are quoted, and its specifiers and variables escaped', () => {
  expect(units['holdfast-bridge-c.example.gov.service']).toContain(
    `ExecStart="/opt/my node" bridge "https://c.example.gov/a%%20b?x=$$1&y='z'"\n`,
  )
})

test('the time of day is the same each time, and differs between addresses', () => {
  expect(scheduleOf(url, []).cron).toBe(scheduleOf(url, []).cron)
  const times = Array.from({ length: 20 }, (_, i) => scheduleOf(`https://c${i}.example/`, []).cron)
  expect(new Set(times).size).toBeGreaterThan(15)
})
