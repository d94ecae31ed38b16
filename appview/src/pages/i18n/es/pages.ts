/** The words of the other pages: needs, accounts, status, policy, API and feeds, in Spanish. */

import type { pagesEn } from '../en/pages.ts'
import { formatFor, sentence } from '../format.ts'

const { count, plural } = formatFor('es')

export const pagesEs: typeof pagesEn = {
  needs: {
    title: 'Qué necesita ayuda',
    intro:
      'Los datos se pierden cuando nadie guarda una copia. Elija algo, guarde una copia, y estará a salvo un poco más.',
    badge: 'Necesita semillas',
    because: 'Por qué:',
    howToHelp: 'Cómo ayudar',
    nobodySeeds: 'ahora nadie lo comparte',
    onlySeeders: count('solo # persona lo comparte', 'solo # personas lo comparten'),
    lastSeeder: (when) => `la última semilla se vio ${when}`,
    neverSeeded: 'aquí nunca se vio una semilla',
    waiting: count('# persona lo espera', '# personas lo esperan'),
    noWebseed: 'no se sabe de ninguna semilla web que lo sirva',
    webseedsOnly: count('# semilla web aún lo sirve', '# semillas web aún lo sirven'),
    summary: ({ losing, seeders }) =>
      sentence([
        losing > 0 &&
          plural(losing, {
            one: '# conjunto pierde su fuente este mes',
            other: '# conjuntos pierden su fuente este mes',
          }),
        seeders > 0 &&
          plural(seeders, {
            one: '# torrent tiene muy pocas semillas',
            other: '# torrents tienen muy pocas semillas',
          }),
      ]),
    losing: 'Pierden su fuente',
    losingText:
      'Se espera que su fuente desaparezca en un mes, o el día ya pasó. Guarde los archivos mientras estén.',
    unsaved: 'En peligro y sin salvar',
    unsavedText: 'Alguien dice que están en peligro, y nadie ha hecho aún un torrent.',
    unseeded: 'Nadie lo tiene entero',
    unseededText:
      'Estos archivos se compartieron y ahora nadie conectado los tiene enteros. Si tiene una copia, ponga en marcha su cliente.',
    few: 'Muy pocas copias',
    fewText: 'Una o dos personas los comparten. Descárguelos y deje su cliente en marcha.',
    nothing: 'Que este índice sepa, nada necesita ayuda ahora. Vuelva mañana.',
  },
  account: {
    domainVerified: 'dominio propio verificado',
    datasets: 'Conjuntos descritos',
    noDatasets: 'Aún ninguno.',
    torrents: 'Torrents publicados',
    contributions: 'Lo que hace por los datos de otros',
    published: count('# conjunto descrito', '# conjuntos descritos'),
    holds: count('# torrent publicado', '# torrents publicados'),
    serves: count('# semilla web', '# semillas web'),
    assessed: count('# valoración', '# valoraciones'),
    since: (date) => `aquí desde el ${date}`,
    servesAt: 'Sirve',
    assessedThis: 'Valoró',
    notIndexed: 'algo que no aparece aquí',
  },
  record: {
    title: 'Estado de un registro',
    intro:
      'Vea qué ha hecho este índice con un registro, y por qué. Sirve a los autores cuyo registro no aparece.',
    label: 'AT-URI del registro',
    button: 'Consultar',
    invalid:
      'Eso no es el AT-URI de un registro de una cuenta conocida aquí. Debe tener la forma at://did:plc:…/colección/clave.',
    status: 'Estado',
    reason: 'Motivo',
    message: 'Más detalles',
    metainfo: 'El .torrent',
    nextAttempt: 'Próximo intento',
    open: 'Abrir su página',
  },
  status: {
    title: 'Estado del índice',
    intro: 'Qué sigue este índice, cuánto retraso lleva y qué ha rechazado.',
    sources: 'Fuentes',
    noSources: 'No se sigue ninguna fuente.',
    connected: 'conectada',
    notConnected: 'sin conexión',
    lag: (seconds) => `${seconds} s de retraso`,
    caughtUp: 'al día',
    needsRebuild:
      'Este índice lo hizo una versión anterior, y las búsquedas siguen aún las reglas de esa versión. Su operador puede ejecutar',
    waiting: (count, written) =>
      count === 1 ? '1 evento a la espera de guardarse' : `${written} eventos a la espera de guardarse`,
    lastEvent: (when) => `último evento ${when}`,
    repos: 'Repositorios',
    torrents: 'Torrents según el estado de su .torrent',
    rejects: 'Registros rechazados por motivo',
    rejectsNote:
      'Un registro rechazado sigue en el repositorio de su autor. Cualquiera puede consultar por qué se rechazó.',
    none: 'Ninguno.',
  },
  policy: {
    contact: 'Contacto',
    noContact: 'El operador de este servidor no ha publicado ninguna dirección.',
    writeTo: 'Las quejas sobre algo mostrado aquí se dirigen a',
    nameIt: 'Indique la dirección de la página, quién es usted y por qué debería retirarse.',
    limits: 'Límites',
    recordBytes: 'Tamaño de un registro',
    metainfoBytes: 'Tamaño de un .torrent',
    indexedFiles: 'Archivos indexados de un torrent',
    recordsPerAccount: 'Registros de una cuenta',
  },
  api: {
    title: 'API',
    intro:
      'Todo lo que muestran estas páginas viene de los mismos métodos que cualquiera puede llamar. Esta referencia se hace a partir de los léxicos (en inglés).',
    base: 'Los métodos están en',
    kinds: {
      query: 'Consultas',
      procedure: 'Procedimientos, para el operador',
      subscription: 'Flujos en vivo',
    },
    records: 'Registros',
    parameters: 'Parámetros',
    input: 'Entrada',
    output: 'Salida',
    errors: 'Errores',
    required: 'obligatorio',
    tryIt: 'Probar',
    send: 'Enviar',
  },
  feeds: {
    intro: 'Siga lo nuevo sin cuenta: dé una de estas direcciones a cualquier lector de canales (RSS).',
    list: [
      { name: 'Conjuntos nuevos', path: '/feeds/datasets.atom', text: 'Según se indexan.' },
      {
        name: 'Torrents nuevos',
        path: '/feeds/torrents.rss',
        text: 'Para clientes de BitTorrent suscritos por RSS: los descargan y comparten solos.',
      },
      {
        name: 'Necesitan semillas',
        path: '/feeds/needs.rss',
        text: 'Désela a un cliente con sitio de sobra.',
      },
      {
        name: 'Fuentes perdidas',
        path: '/feeds/lost.atom',
        text: 'Conjuntos de datos de los que ya no responde ninguna fuente, con los torrents que quedan.',
      },
      {
        name: 'Una palabra clave',
        path: '/feeds/keyword/…',
        text: 'Enlazado en la página de cada palabra clave.',
      },
      {
        name: 'Datos enlazados',
        path: '/catalog.ttl',
        text: 'Todos los conjuntos como catálogo DCAT, página a página; también .jsonld y .rdf.',
      },
      {
        name: 'Un conjunto como datos enlazados',
        path: '/dataset/….ttl',
        text: 'La dirección de su página, pedida como Turtle, JSON-LD o RDF/XML.',
      },
      {
        name: 'OAI-PMH',
        path: '/oai?verb=Identify',
        text: 'Para catálogos de bibliotecas que recolectan: Dublin Core y DataCite.',
      },
      {
        name: 'Mapa del sitio',
        path: '/sitemap.xml',
        text: 'Todas las páginas de este sitio, para los buscadores.',
      },
    ],
  },
}
