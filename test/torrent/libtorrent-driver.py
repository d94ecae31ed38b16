"""Answers one JSON request a line with libtorrent's opinion: the yardstick of the torrent tests.

{"do": "parse", "file": F}             -> {"ok", "v1", "v2", "sizeBytes", "paddedSizeBytes", "fileCount"} or {"ok": false, "error"}
{"do": "create", "root": R, "name": N, "files": [[path, size]...], "pieceLengthBytes": L, "version": "v1|v2|hybrid"}
                                       -> {"v1", "v2"}; the files come in this order
{"do": "hash", "root": R, "file": F, "pieceLengthBytes": L, "version": V, "threads": T} -> {"seconds"}
"""
import json
import os
import sys
import time

import libtorrent as lt

FLAGS = {"v1": lt.create_torrent.v1_only, "v2": lt.create_torrent.v2_only, "hybrid": 0}
PAD = 1


def hashes(info):
    both = info.info_hashes()
    return {"v1": str(both.v1) if both.has_v1() else None, "v2": str(both.v2) if both.has_v2() else None}


def parse(request):
    try:
        info = lt.torrent_info(request["file"])
    except Exception as error:
        return {"ok": False, "error": str(error)}
    files = info.files()
    own = [i for i in range(files.num_files()) if not int(files.file_flags(i)) & PAD]
    return {
        "ok": True,
        **hashes(info),
        "sizeBytes": sum(files.file_size(i) for i in own),
        "paddedSizeBytes": info.total_size(),
        "fileCount": len(own),
    }


def torrent_of(request):
    storage = lt.file_storage()
    for path, size in request["files"]:
        storage.add_file(request["name"] + "/" + path if path else request["name"], size)
    # The torrent only borrows the storage, which therefore has to outlive it.
    return storage, lt.create_torrent(storage, request["pieceLengthBytes"], FLAGS[request["version"]])


def create(request):
    _storage, torrent = torrent_of(request)
    lt.set_piece_hashes(torrent, request["root"])
    return hashes(lt.torrent_info(lt.bdecode(lt.bencode(torrent.generate()))))


def measure(request):
    _storage, torrent = torrent_of(request)
    started = time.monotonic()
    lt.set_piece_hashes(torrent, request["root"])
    return {"seconds": time.monotonic() - started}


for line in sys.stdin:
    request = json.loads(line)
    answer = {"parse": parse, "create": create, "hash": measure}[request["do"]](request)
    print(json.dumps(answer), flush=True)
