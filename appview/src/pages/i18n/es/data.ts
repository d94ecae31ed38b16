/** The words of the pages of datasets and torrents, in Spanish. */

import type { dataEn } from '../en/data.ts'
import { formatFor } from '../format.ts'

const { number, plural } = formatFor('es')
const count = (one: string, other: string) => (n: number) => plural(n, { one, other })

export const dataEs: typeof dataEn = {
  dataset: {
    foreign:
      'Este registro se escribió para otro catálogo, en su propio formato, y se muestra como este índice lo lee:',
    describedBy: 'descrito por',
    alsoDescribedBy: count('y por # más', 'y por # más'),
    version: 'versión',
    noTorrent: 'Aún sin torrent',
    sizeShared: (size: string) => `${size} compartidos`,
    supersededBy: 'Un registro más nuevo dice que ocupa el lugar de este:',
    sameAuthor: 'del mismo autor',
    description: 'Descripción',
    showAll: 'Mostrar toda la descripción',
    beginning: 'Este es el comienzo.',
    wholeDescription: (size: string) => `Leer la descripción entera (${size})`,
    backToDataset: 'Volver al conjunto de datos',
    atItsServer: 'En el servidor de su autor',
    descriptionTooLarge: 'Esta descripción es demasiado larga para mostrarla aquí.',
    descriptionUnavailable: 'El servidor del autor, que guarda esta descripción, no la da ahora.',
    torrents: 'Obtener los datos',
    otherTorrents: 'Torrents',
    olderTorrents: 'Versiones anteriores',
    nobodyShares: 'Nadie ha compartido aún los archivos de este conjunto.',
    stillAtSource:
      'Puede que su fuente aún los sirva. Quien los guarde ahora puede hacer un torrent, y otros ayudarán a conservarlo.',
    howToShare: 'Cómo compartirlo',
    sources: 'Fuentes',
    authorSaw: (date: string) => `el autor la vio el ${date}`,
    checked: (when: string) => `comprobada ${when}`,
    archived: 'Copias en archivos web:',
    archivedCopy: 'copia archivada',
    metadata: 'Sobre los datos',
    moreFromPublisher: 'más de este editor',
    risk: 'En qué peligro está',
    nobodySays: 'Nadie lo ha dicho aún.',
    theAuthor: '(autor de este registro)',
    evidence: 'Pruebas:',
    provenance: 'Versiones y procedencia',
    versions: 'Versiones',
    describers: 'También descrito por',
    describersNote:
      'Estos registros comparten con este un identificador, una página o archivos. Cada uno consta como lo escribió su autor.',
    matchedBy: 'mismo',
    changedSince: 'cambiado desde entonces',
    record: 'El registro',
    indexed: 'Visto aquí por primera vez',
    otherForms: 'Otras formas',
    allByAuthor: 'Todo de este autor',
    status: 'Estado',
    badge: 'Insignia',
    badgeAlt: 'Cuántos conservan ahora este conjunto',
  },
  torrent: {
    torrent: 'Torrent',
    get: 'Obtener los archivos',
    description: (name: string, size: string) =>
      `${name}${size && `, ${size}`}: archivos, enjambre, enlace magnet y .torrent`,
    holds: 'Contiene',
    holdsDatasets: 'Qué contiene',
    noDataset: 'Ningún conjunto indexado nombra estos archivos.',
    files: count('# archivo', '# archivos'),
    entries: count('# entrada aquí.', '# entradas aquí.'),
    filesMissing: count(
      '# archivo más está en el .torrent y no se muestra aquí.',
      '# archivos más están en el .torrent y no se muestran aquí.',
    ),
    webSeeds: count('# semilla web', '# semillas web'),
    capturedIn: (when: string) => `reunido ${when}`,
    gatheredWith: (tool: string) => `con ${tool}`,
    download: 'Descargar .torrent',
    original: '.torrent tal como lo hizo su autor',
    magnet: 'Enlace magnet',
    magnetAndQr: 'Enlace magnet como texto y código QR',
    qrAlt: 'Código QR del enlace magnet',
    details: 'Archivos y enjambre',
    needClient: 'Necesita un cliente de BitTorrent.',
    howToDownload: 'Cómo descargar, paso a paso',
    fileCount: 'Archivos',
    pieceLength: 'Tamaño de pieza',
    infoHashV1: 'Infohash v1',
    infoHashV2: 'Infohash v2',
    private: 'Privado',
    privateNote: 'El .torrent prohíbe otras fuentes de pares (BEP 27) y se sirve tal como vino.',
    filesTitle: 'Archivos',
    fileName: 'Nombre',
    noFiles: 'La lista de archivos se conoce cuando el .torrent se ha traído y verificado.',
    where: 'Dónde está entre los archivos',
    root: 'Todos los archivos',
    trackers: 'Trackers',
    tracker: 'Tracker',
    dht: 'DHT (sin tracker)',
    completed: 'Completados',
    lastAsked: 'Consultado',
    notAsked: 'nombrado por el registro; no consultado',
    webSeedsTitle: 'Semillas web',
    noWebSeeds:
      'Ningún servidor web ofrece estos archivos. Una semilla web mantiene vivo un torrent cuando no hay nadie más.',
    addWebSeed: 'Añadir una semilla web',
    checked: (when: string) => `comprobada ${when}`,
    thirdParty: 'añadida por otra persona',
    notHttps: 'sin cifrado',
    inBrowser: 'los navegadores pueden leerla',
    describers: 'Quién nombra este contenido',
    superseded: 'Un registro más nuevo ocupa el lugar de este:',
  },
  swarm: {
    title: 'Enjambre',
    seeders: 'Semillas',
    leechers: 'Clientes',
    unknown: 'aún sin contar',
    heldBy: (n: number) =>
      n === 0
        ? 'ahora nadie lo conserva'
        : plural(n, { one: 'lo conserva # persona', other: 'lo conservan # personas' }),
    fetching: (n: number) => plural(n, { one: '# descargando', other: '# descargando' }),
    completed: count('# descarga completada', '# descargas completadas'),
    capacity: (size: string) => `${size} conservados en total`,
    checked: (when: string) => `contado ${when}`,
    nobodyLooked: 'Nadie ha contado aún este enjambre.',
    invitation: 'Cada copia que se queda lo hace más difícil de perder.',
    history: 'Semillas a lo largo del tiempo',
    plot: ({
      from,
      to,
      least,
      most,
      now,
    }: {
      from: string
      to: string
      least: number
      most: number
      now: number
    }) =>
      `Entre el ${from} y el ${to} hubo de ${number(least)} a ${number(most)} semillas; ${number(now)} al final.`,
  },
  citation: {
    title: 'Citar',
    asAsked: 'Como pide su autor',
    copy: 'Copiar',
    copied: 'Copiado',
    copyWhat: (what: string) => `Copiar: ${what}`,
  },
}
