import { join } from 'node:path'
import type { Page } from 'playwright-core'

export const themes = ['light', 'dark'] as const
export const widths = { wide: 1280, narrow: 360 } as const

/** Takes a screenshot of a whole page in one theme and width, including what loads late. */
export async function takePicture(
  page: Page,
  picture: { name: string; directory: string; theme: (typeof themes)[number]; size: keyof typeof widths },
): Promise<void> {
  await page.evaluate(`Promise.all([...document.images].map((image) => {
    image.loading = 'eager'
    return image.decode().catch(() => undefined)
  }))`)
  const { name, directory, theme, size } = picture
  await page.screenshot({ path: join(directory, `${name}-${theme}-${size}.png`), fullPage: true })
}
