import type { Attack } from './attack.ts'
import * as commits from './attacks/commits.ts'
import * as requests from './attacks/requests.ts'
import * as torrents from './attacks/torrents.ts'

/** The attacks of a single attacker, by the name that `npm run attack -- NAME` takes. */
export const attacks: Readonly<Record<string, Attack>> = {
  'shared-block': commits.oneBlockManyRecords,
  'shared-identifiers': commits.sharedIdentifiers,
  'slow-commits': commits.commitsOfASlowServer,
  'slow-repositories': commits.repositoriesThatDrip,
  'poison-records': commits.recordsThatNoStoreTakes,
  'no-accounts': commits.accountsThatAreNowhere,
  'multiplied-paths': torrents.pathsThatMultiply,
  'nested-metainfo': torrents.nestedWithoutEnd,
  'countless-files': torrents.filesWithoutNumber,
  'large-torrent': torrents.largeTorrent,
  'large-torrents': torrents.largeTorrents,
  amplifier: torrents.addressesOfAVictim,
  'amplifier-let-in': torrents.addressesOfAVictimLetIn,
  'unknown-names': requests.namesThatNobodyHas,
  'dear-answers': requests.dearAnswers,
  'dear-records': requests.recordsThatAreDearToShow,
}

/** The number of requests per minute that an uninvolved host may receive because of an attack. */
export const victimBudget = 10
