/** Every text of the pages in Spanish. */
import type { en } from '../en/messages.ts'
import { dataEs } from './data.ts'
import { pagesEs } from './pages.ts'
import { proseEs } from './prose.ts'
import { publishEs } from './publish.ts'
import { reasonsEs } from './reasons.ts'
import { siteEs } from './site.ts'
import { termsEs } from './terms.ts'

export const es: typeof en = {
  ...siteEs,
  ...dataEs,
  ...pagesEs,
  ...publishEs,
  ...termsEs,
  ...reasonsEs,
  prose: proseEs,
}
