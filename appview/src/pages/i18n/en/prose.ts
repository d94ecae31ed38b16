/** The longer texts in English. */
import { type Html, html } from '../../html.ts'

/** A path of this site, in the language that the reader chose by hand. */
type Href = (path: string) => string

const about = (href: Href): Html => html`<h1>About</h1>
<p class="lead">A holdfast anchors kelp to rock. This one anchors public data that may disappear.</p>
<p>Governments, labs and companies take data offline: by decision, by neglect, by a lapsed contract. Copies on one other server only move the problem. Here the copies are on the computers of everyone who cares, and so are the descriptions.</p>
<h2>Three parts, none of which can be seized</h2>
<ul>
<li><strong>Descriptions</strong> are records in their author’s own repository on the AT Protocol, signed by them. Nobody but the author can change or delete them.</li>
<li><strong>Files</strong> are shared as torrents: whoever has a part passes it on, and each piece is checked against a fingerprint, so that nobody can slip in something false.</li>
<li><strong>This site</strong> is only an index. It gathers the descriptions, checks them, counts who holds what, and keeps nothing that it could not read again from the network. Anyone can run another.</li>
</ul>
<h2>Whom to believe</h2>
<p>Anyone may describe anything. A description shows who wrote it; a name with a tick is the author’s own verified domain, such as a library’s. What people say about each other’s records is shown as their own claim. The fingerprint of the files depends on the files alone, no matter who wrote it down.</p>
<h2>For catalogs and programs</h2>
<p>Every dataset can also be read as linked data: add <code>.ttl</code>, <code>.jsonld</code> or <code>.rdf</code> to the address of its page. The whole index is a <a href="/catalog.ttl">DCAT catalog</a> and an <a href="/oai?verb=Identify">OAI-PMH repository</a>, and is described in <a href="/.well-known/void">VoID</a>. The <a href="${href('/feeds')}">feeds</a> list what is new.</p>
<p><a href="${href('/help')}">How to help</a> · <a href="${href('/api')}">Build on it</a> · <a href="${href('/policy')}">Policy and contact</a></p>`

const help = (href: Href): Html => html`<h1>How to help</h1>
<p class="lead">You need a computer with some room on its disk. You need nothing else, not even an account.</p>
<h2 id="bittorrent">What BitTorrent is</h2>
<p>It is a way to copy files from many people at once. Instead of one server that everybody depends on, each person who downloads also passes on what they have. The more people want something, the faster it comes; and as long as one of them stays, others can still get it.</p>
<p>Someone who has all of it and stays is a <em>seeder</em>. Someone who is still fetching is a <em>leecher</em>, which is no insult: they pass on what they have so far. All of them together are the <em>swarm</em>.</p>
<h2 id="download">Download something</h2>
<ol>
<li>Install a BitTorrent client. <a href="https://www.qbittorrent.org/" rel="noopener noreferrer">qBittorrent</a> and <a href="https://transmissionbt.com/" rel="noopener noreferrer">Transmission</a> are free and without advertisements.</li>
<li>On the page of a dataset choose <strong>Download .torrent</strong> and open that file with the client. (A <strong>magnet link</strong> does the same without a file.)</li>
<li>Choose where to put the files, and wait. The client checks every piece.</li>
</ol>
<h2 id="seed">Keep it alive</h2>
<p>Leave the client running after the download. That is all: now you are one of the people who hold it. Even an hour a day helps. What needs you most is under <a href="${href('/needs')}">Needs help</a>; a client that subscribes to RSS can fetch it by itself from the <a href="${href('/feeds')}">feeds</a>.</p>
<p>Others in the swarm see your internet address, as every web server does that you visit. If that is a danger where you live, use a trusted VPN or help in another way.</p>
<h2 id="share">Share something yourself</h2>
<p>You have a dataset that is about to vanish? Make a torrent of it with your client (<em>Create torrent</em>), keep the client running, and describe the dataset here: <a href="${href('/publish')}">Publish</a>.</p>
<h2 id="webseed">Offer a web server</h2>
<p>If you can put the files on a web server, add its address as a <em>webseed</em>: clients fetch from there when nobody else shares them, and check the pieces all the same. Libraries and universities help most this way.</p>
<h2 id="other">Helping without a disk</h2>
<ul><li>Say how endangered a dataset is, with evidence: there is a link on its page.</li><li>Describe what nobody has described.</li><li>Put the badge of a dataset beside its download button, so that people see how many hold it.</li><li>Tell somebody with a large disk.</li></ul>
<h2 id="words">Words you will meet</h2>
<dl class="fields">
<div><dt>Dataset</dt><dd>Data that belongs together, as somebody describes it here.</dd></div>
<div><dt>Torrent, .torrent</dt><dd>A small file that lists the files of the data and a fingerprint of every piece of them. Your client needs it to fetch and to check them.</dd></div>
<div><dt>Magnet link</dt><dd>A link that takes the place of the small file: from it, the client finds that file by itself.</dd></div>
<div><dt>Infohash</dt><dd>The fingerprint of a torrent. Whoever has the same infohash has the same files.</dd></div>
<div><dt>Tracker</dt><dd>A server through which people who share the same files find each other. It holds no files.</dd></div>
<div><dt>Webseed</dt><dd>A web server that offers the files of a torrent.</dd></div>
<div><dt>Handle, DID</dt><dd>The name of an account on the AT Protocol, such as <code>alice.bsky.social</code>, and the number behind it that never changes.</dd></div>
<div><dt>Record, AT-URI</dt><dd>What an account has written, such as the description of a dataset, and its address, which begins with <code>at://</code>.</dd></div>
</dl>`

const publish = (href: Href): Html => html`<h2>From the command line</h2>
<p>For large data, and for scripts: <code>holdfast</code> makes the torrent, checks the description and writes both records.</p>
<pre class="wrap" tabindex="0"><code>holdfast login
holdfast publish ./my-data --dataset dataset.json</code></pre>
<p>Then leave a client seeding the files. The records show here within a second, or once the operator has let your account in: see <a href="${href('/policy')}">the policy</a>.</p>`

const policy = (admission: string): Html => html`<h1>Policy and contact</h1>
<h2>Who is let in</h2>
${admission === 'open' && html`<p>Every valid record is listed at once.</p>`}
${admission === 'accounts' && html`<p>Records of accounts that the operator has let in are listed at once; others wait.</p>`}
${admission === 'reviewed' && html`<p>Nothing is listed, nor served by the tracker, before the operator has let its author or the record in.</p>`}
<p>The operator may deny an account, a record or content. What is denied disappears from every page, feed and answer of the API and from the tracker within a second. It stays in its author’s repository, over which this site has no power.</p>
<h2>What belongs here</h2>
<p>Public data: what was published to be used, or is everybody’s by law. Not personal data of others, nor anything whose spreading harms the people or species that it is about.</p>
<h2>What is kept about you</h2>
<p>No cookies, no analytics, no profiles; nothing is loaded from another site. What signing in needs stays in your own browser until you sign out. The tracker keeps the addresses of those in a swarm in memory while they are there, since that is how they find each other, and writes none of them to a disk or a log.</p>`

export const proseEn = { about, help, publish, policy }
