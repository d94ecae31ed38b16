"""A libtorrent client: libtorrent-client.py IPV4 IPV6 PORT FOLDER TORRENT... serves what FOLDER has and gets the rest."""
import sys
import time

import libtorrent

ipv4, ipv6, port, folder, *torrents = sys.argv[1:]
session = libtorrent.session({
    'listen_interfaces': f'{ipv4}:{port},[{ipv6}]:{port}',
    'enable_dht': False,
    'enable_lsd': False,
    'enable_upnp': False,
    'enable_natpmp': False,
    'enable_incoming_utp': False,
    'enable_outgoing_utp': False,
    'announce_to_all_trackers': True,
})
for torrent in torrents:
    session.add_torrent({'ti': libtorrent.torrent_info(torrent), 'save_path': folder})
while True:
    time.sleep(1)
