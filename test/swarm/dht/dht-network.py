"""A DHT of libtorrent's own: dht-network.py FOLDER NODES SEEDERS LEECHERS TORRENT... starts a session on each of 10.77.0.1,
10.77.0.2 and so on. Nodes have no torrents; seeders have what FOLDER holds, leechers want nothing of it."""
import sys
import time

import libtorrent

folder, nodes, seeders, leechers, *torrents = sys.argv[1:]
nodes, seeders, leechers = int(nodes), int(seeders), int(leechers)
PORT = 51001


def start(number):
    return libtorrent.session({
        'listen_interfaces': f'10.77.0.{number}:{PORT}',
        'outgoing_interfaces': f'10.77.0.{number}',
        'dht_bootstrap_nodes': '',
        'enable_dht': True,
        'enable_lsd': False,
        'enable_upnp': False,
        'enable_natpmp': False,
        # Here private addresses of one network stand for public ones of many.
        'dht_restrict_routing_ips': False,
        'dht_restrict_search_ips': False,
        'dht_enforce_node_id': False,
        'dht_prefer_verified_node_ids': False,
        'dht_ignore_dark_internet': False,
        'dht_upload_rate_limit': 1_000_000,
        'dht_block_ratelimit': 1_000,
    })


def client(session, is_seeder):
    for torrent in torrents:
        info = libtorrent.torrent_info(torrent)
        handle = session.add_torrent({'ti': info, 'save_path': folder if is_seeder else f'{folder}/none'})
        if not is_seeder:
            handle.prioritize_files([0] * info.num_files())
        yield handle


sessions = [start(number + 1) for number in range(nodes + seeders + leechers)]
handles = [handle for number, session in enumerate(sessions[nodes:]) for handle in client(session, number < seeders)]
while True:
    for session in sessions:
        for number in range(nodes):
            session.add_dht_node((f'10.77.0.{number + 1}', PORT))
    for handle in handles:
        handle.force_dht_announce()
    time.sleep(1)
