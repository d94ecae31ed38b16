/** The longer texts in Spanish. */
import { type Html, html } from '../../html.ts'

/** A path of this site, in the language that the reader chose by hand. */
type Href = (path: string) => string

const about = (href: Href): Html => html`<h1>Sobre este sitio</h1>
<p class="lead">Un «holdfast» es el órgano con que las algas se agarran a la roca. Este sujeta datos públicos que pueden desaparecer.</p>
<p>Gobiernos, laboratorios y empresas retiran datos: por decisión, por descuido, porque venció un contrato. Una copia en otro servidor solo traslada el problema. Aquí las copias están en los ordenadores de todos a quienes les importan, y las descripciones también.</p>
<h2>Tres partes, y ninguna se puede incautar</h2>
<ul>
<li><strong>Las descripciones</strong> son registros en el repositorio propio de su autor en el Protocolo AT, firmados por él. Solo el autor puede cambiarlos o borrarlos.</li>
<li><strong>Los archivos</strong> se comparten como torrents: quien tiene una parte la pasa, y cada pieza se comprueba contra una huella, de modo que nadie puede colar nada falso.</li>
<li><strong>Este sitio</strong> es solo un índice. Reúne las descripciones, las comprueba, cuenta quién conserva qué, y no guarda nada que no pudiera volver a leer de la red. Cualquiera puede poner en marcha otro.</li>
</ul>
<h2>A quién creer</h2>
<p>Cualquiera puede describir cualquier cosa. Cada descripción muestra quién la escribió; un nombre con un visto (✓) es un dominio propio y verificado, como el de una biblioteca. Lo que unos dicen de los registros de otros se muestra como dicho por ellos. La huella depende solo de los archivos, la anote quien la anote.</p>
<h2>Para catálogos y programas</h2>
<p>Cada conjunto se puede leer también como datos enlazados: añada <code>.ttl</code>, <code>.jsonld</code> o <code>.rdf</code> a la dirección de su página. El índice entero es un <a href="/catalog.ttl">catálogo DCAT</a> y un <a href="/oai?verb=Identify">repositorio OAI-PMH</a>, y se describe en <a href="/.well-known/void">VoID</a>. Los <a href="${href('/feeds')}">canales</a> cuentan lo nuevo.</p>
<p><a href="${href('/help')}">Cómo ayudar</a> · <a href="${href('/api')}">Construir sobre esto</a> · <a href="${href('/policy')}">Normas y contacto</a></p>`

const help = (href: Href): Html => html`<h1>Cómo ayudar</h1>
<p class="lead">Hace falta un ordenador con algo de sitio en el disco. No hace falta nada más, ni siquiera una cuenta.</p>
<h2 id="bittorrent">Qué es BitTorrent</h2>
<p>Es una manera de copiar archivos de muchas personas a la vez. En lugar de un servidor del que todos dependen, cada persona que descarga también pasa lo que ya tiene. Cuanta más gente quiere algo, más rápido llega; y mientras quede una sola, se puede conseguir.</p>
<p>Quien lo tiene todo y se queda es una <em>semilla</em>. A quien aún está descargando se le llama en inglés <em lang="en">leecher</em> («sanguijuela»), sin ánimo de ofender: va pasando lo que lleva. Todos juntos son el <em>enjambre</em>.</p>
<h2 id="download">Descargar algo</h2>
<ol>
<li>Instale un cliente de BitTorrent. <a href="https://www.qbittorrent.org/" rel="noopener noreferrer">qBittorrent</a> y <a href="https://transmissionbt.com/" rel="noopener noreferrer">Transmission</a> son libres y sin publicidad.</li>
<li>En la página de un conjunto de datos elija <strong>Descargar .torrent</strong> y abra ese archivo con el cliente. (Un <strong>enlace magnet</strong> hace lo mismo sin archivo.)</li>
<li>Elija dónde guardar los archivos y espere. El cliente comprueba cada pieza.</li>
</ol>
<h2 id="seed">Mantenerlo vivo</h2>
<p>Deje el cliente en marcha después de la descarga. Eso es todo: ya es una de las personas que lo conservan. Incluso una hora al día ayuda. Lo que más la necesita está en <a href="${href('/needs')}">Necesita ayuda</a>; un cliente suscrito por RSS puede descargarlo solo desde los <a href="${href('/feeds')}">canales</a>.</p>
<p>Los demás del enjambre ven su dirección de internet, como cualquier servidor web que visita. Si eso es un peligro donde vive, use una VPN de confianza o ayude de otra manera.</p>
<h2 id="share">Compartir algo propio</h2>
<p>¿Tiene datos que están a punto de desaparecer? Haga un torrent de ellos con su cliente (<em>Crear torrent</em>), deje el cliente en marcha y describa los datos aquí: <a href="${href('/publish')}">Publicar</a>.</p>
<h2 id="webseed">Ofrecer un servidor web</h2>
<p>Si puede poner los archivos en un servidor web, añada su dirección como <em>semilla web</em>: los clientes descargan de ahí cuando nadie más los comparte, y comprueban las piezas igualmente. Así es como más ayudan las bibliotecas y universidades.</p>
<h2 id="other">Ayudar sin disco</h2>
<ul><li>Diga qué peligro corre un conjunto de datos, con pruebas: hay un enlace en su página.</li><li>Describa lo que nadie ha descrito.</li><li>Ponga la insignia de un conjunto junto a su botón de descarga, para que se vea cuántas personas lo conservan.</li><li>Avise a alguien con un disco grande.</li></ul>
<h2 id="words">Palabras que encontrará</h2>
<dl class="fields">
<div><dt>Conjunto de datos</dt><dd>Datos que van juntos, tal como alguien los describe aquí.</dd></div>
<div><dt>Torrent, .torrent</dt><dd>Un archivo pequeño que enumera los archivos de los datos y una huella de cada una de sus piezas. Su cliente lo necesita para descargarlos y comprobarlos.</dd></div>
<div><dt>Enlace magnet</dt><dd>Un enlace que ocupa el lugar del archivo pequeño: con él, el cliente encuentra solo ese archivo.</dd></div>
<div><dt>Infohash</dt><dd>La huella de un torrent. Quien tiene el mismo infohash tiene los mismos archivos.</dd></div>
<div><dt>Tracker</dt><dd>Un servidor («rastreador») que pone en contacto a quienes comparten los mismos archivos. No tiene ningún archivo.</dd></div>
<div><dt>Semilla web</dt><dd>Un servidor web que ofrece los archivos de un torrent.</dd></div>
<div><dt>Nombre de cuenta, DID</dt><dd>El nombre de una cuenta del Protocolo AT, como <code>alice.bsky.social</code>, y el número que hay detrás y que nunca cambia.</dd></div>
<div><dt>Registro, AT-URI</dt><dd>Lo que una cuenta ha escrito, como la descripción de un conjunto de datos, y su dirección, que empieza por <code>at://</code>.</dd></div>
</dl>`

const publish = (href: Href): Html => html`<h2>Desde la línea de órdenes</h2>
<p>Para datos grandes y para programas: <code>holdfast</code> hace el torrent, comprueba la descripción y escribe ambos registros.</p>
<pre class="wrap" tabindex="0"><code>holdfast login
holdfast publish ./mis-datos --dataset dataset.json</code></pre>
<p>Después deje un cliente compartiendo los archivos. Los registros aparecen aquí en un segundo, o cuando el operador haya admitido su cuenta: vea <a href="${href('/policy')}">las normas</a>.</p>`

const policy = (admission: string): Html => html`<h1>Normas y contacto</h1>
<h2>A quién se admite</h2>
${admission === 'open' && html`<p>Todo registro válido se muestra enseguida.</p>`}
${admission === 'accounts' && html`<p>Los registros de las cuentas que el operador ha admitido se muestran enseguida; los demás esperan.</p>`}
${admission === 'reviewed' && html`<p>Nada se muestra, ni lo sirve el tracker, antes de que el operador haya admitido a su autor o el registro.</p>`}
<p>El operador puede rechazar una cuenta, un registro o un contenido. Lo rechazado desaparece en un segundo de todas las páginas, canales y respuestas de la API, y del tracker. Sigue en el repositorio de su autor, sobre el que este sitio no tiene poder.</p>
<h2>Qué cabe aquí</h2>
<p>Datos públicos: lo que se publicó para ser usado, o es de todos por ley. No los datos personales de otros, ni nada cuya difusión dañe a las personas o especies de las que trata.</p>
<h2>Qué se guarda de usted</h2>
<p>Ni cookies, ni analítica, ni perfiles; nada se carga de otro sitio. Lo que hace falta para la sesión se queda en su navegador hasta que la cierre. El tracker tiene en memoria las direcciones de quienes están en un enjambre mientras están, pues así se encuentran, y no escribe ninguna en un disco ni en un archivo de registro.</p>`

export const proseEs = { about, help, publish, policy }
