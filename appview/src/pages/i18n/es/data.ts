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
    otherDescribers: count('descrito también por # más', 'descrito también por # más'),
    version: 'versión',
    noTorrent: 'Aún sin torrent',
    sizeShared: (size: string) => `${size} compartidos`,
    supersededBy: 'Un registro más nuevo dice que ocupa el lugar de este:',
    sameAuthor: 'del mismo autor',
    description: 'Descripción',
    showAll: 'Mostrar toda la descripción',
    showMore: 'Mostrar más del comienzo',
    beginning: 'Este es el comienzo.',
    wholeDescription: (size: string) => `Leer la descripción entera (${size})`,
    backToDataset: 'Volver al conjunto de datos',
    atItsServer: 'En el servidor de su autor',
    descriptionTooLarge: 'Esta descripción es demasiado larga para mostrarla aquí.',
    descriptionUnavailable:
      'El servidor del autor, que guarda esta descripción, no la da ahora. Vuelva a intentarlo más tarde; el comienzo está en la página del conjunto de datos.',
    torrents: 'Obtener los datos',
    otherTorrents: 'Torrents',
    undatedTorrents: 'Otros, sin fecha',
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
    risk: 'Qué peligro corre',
    nobodySays: 'Nadie lo ha dicho aún.',
    theAuthor: '(autor de este registro)',
    evidence: 'Pruebas:',
    provenance: 'Versiones y procedencia',
    versions: 'Versiones',
    describers: 'También descrito por',
    describersNote:
      'Estos registros comparten con este un identificador, una página o archivos. Cada uno consta como lo escribió su autor.',
    changedSince: 'cambiado desde entonces',
    record: 'El registro',
    indexed: 'Visto aquí por primera vez',
    otherForms: 'Otras formas',
    allByAuthor: 'Todo de este autor',
    status: 'Estado',
    badge: 'Insignia',
    badgeCode: 'Mostrarla en su propio sitio',
    badgeAlt: 'Cuántos conservan ahora este conjunto',
  },
  torrent: {
    torrent: 'Torrent',
    get: 'Obtener los archivos',
    description: (name: string, size: string) =>
      `${name}${size && `, ${size}`}: archivos, enjambre, enlace magnet y .torrent`,
    holds: 'Contiene',
    holdsDatasets: 'Qué contiene',
    noDataset: 'Ningún conjunto de los que aparecen aquí nombra estos archivos.',
    files: count('# archivo', '# archivos'),
    entries: count('# entrada aquí.', '# entradas aquí.'),
    filesMissing: count(
      '# archivo más está en el .torrent y no se muestra aquí.',
      '# archivos más están en el .torrent y no se muestran aquí.',
    ),
    webSeeds: count('# semilla web', '# semillas web'),
    capturedIn: (when: string) => `reunido: ${when}`,
    gatheredWith: (tool: string) => `con ${tool}`,
    download: 'Descargar .torrent',
    original: '.torrent tal como lo hizo su autor',
    magnet: 'Enlace magnet',
    magnetAndQr: 'Enlace magnet como texto y código QR',
    qrAlt: 'Código QR del enlace magnet',
    details: 'Archivos y detalles',
    needClient: 'Necesita un cliente de BitTorrent.',
    howToDownload: 'Cómo descargar, paso a paso',
    fileCount: 'Archivos',
    pieceLength: 'Tamaño de pieza',
    infoHashV1: 'Infohash v1',
    infoHashV2: 'Infohash v2',
    private: 'Privado',
    privateNote: 'El .torrent prohíbe buscar pares por otros medios (BEP 27) y se sirve tal como vino.',
    filesTitle: 'Archivos',
    fileName: 'Nombre',
    noFiles: 'La lista de archivos se conoce cuando el .torrent se ha obtenido y verificado.',
    where: 'Dónde está entre los archivos',
    root: 'Todos los archivos',
    trackers: 'Trackers',
    trackersNote: 'Donde se encuentran quienes comparten estos archivos.',
    dht: 'DHT (sin tracker)',
    asked: (when: string) => `consultado ${when}`,
    notAsked: 'nombrado por el registro; no consultado',
    webSeedsTitle: 'Semillas web',
    webSeedsNote:
      'Servidores web que ofrecen los archivos: los clientes de BitTorrent también descargan de ellos.',
    noWebSeeds:
      'Ningún servidor web ofrece estos archivos. Una semilla web mantiene vivo un torrent cuando no hay nadie más.',
    addWebSeed: 'Añadir una semilla web',
    checked: (when: string) => `comprobada ${when}`,
    thirdParty: 'añadida por otra persona',
    notHttps: 'sin cifrado',
    inBrowser: 'los navegadores pueden leerla',
    describers: 'Quién lo publicó',
    superseded: 'Un registro más nuevo ocupa el lugar de este:',
  },
  swarm: {
    title: 'Quién lo tiene: el enjambre',
    seeders: 'lo tienen entero (semillas)',
    leechers: 'lo están descargando',
    seederCount: count('# semilla', '# semillas'),
    unknown: 'aún sin contar',
    heldBy: (n: number) =>
      n === 0
        ? 'ahora nadie lo conserva'
        : plural(n, { one: 'lo conserva # persona', other: 'lo conservan # personas' }),
    fetching: (n: number) => plural(n, { one: '# descargando', other: '# descargando' }),
    completed: count('# descarga completada', '# descargas completadas'),
    capacity: (size: string) => `${size} conservados en total`,
    checked: (when: string) => `recuento de ${when}`,
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
