"""Seeds a torrent to clients on this machine: seed-from-loopback.py FOLDER TORRENT. aria2 opens a second connection when it is refused encryption on the first."""
import sys
import time

import libtorrent

folder, torrent = sys.argv[1:]
session = libtorrent.session({
    'listen_interfaces': '127.0.0.1:0',
    'enable_dht': False,
    'enable_lsd': False,
    'enable_upnp': False,
    'enable_natpmp': False,
    'allow_multiple_connections_per_ip': True,
})
session.add_torrent({'ti': libtorrent.torrent_info(torrent), 'save_path': folder})
while True:
    time.sleep(1)
