"""Compressed text: https://docs.aws.amazon.com/athena/latest/ug/compression-formats.html"""

import bz2
import zlib
from collections.abc import Callable, Iterator

import cramjam

from local_aws.athena.errors import QueryFailed


def decompressed(key: str, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The text of an object: Hive goes by the ending of its name, in small letters."""
    if key.endswith((".gz", ".gzip")):
        decoder, complete = zlib.decompressobj(wbits=31), False
        for chunk in chunks:
            while chunk:
                yield decoder.decompress(chunk)
                chunk = decoder.unused_data
                if decoder.eof:  # the next member of a file made of several
                    decoder, complete = zlib.decompressobj(wbits=31), True
                else:
                    complete = False
        if not complete:
            raise EOFError("Unexpected end of input stream")
        return
    name = key.rpartition(".")[2] if "." in key else ""
    if name in _WHOLE:
        yield _WHOLE[name](b"".join(chunks))
        return
    if name in ("lz4", "lzo"):
        raise QueryFailed(f"NOT_SUPPORTED: the local Athena does not decompress {name} text files: {key}")
    yield from chunks


def _unsnappy(data: bytes) -> bytes:
    """Snappy with its own frames, or in Hadoop's blocks: the size of a block, then chunks with their sizes."""
    if data[:10] == b"\xff\x06\x00\x00sNaPpY":
        return bytes(cramjam.snappy.decompress(data))
    result, at = bytearray(), 0
    while at < len(data):
        wanted = len(result) + int.from_bytes(data[at : at + 4], "big")
        at += 4
        while len(result) < wanted:
            size = int.from_bytes(data[at : at + 4], "big")
            result += bytes(cramjam.snappy.decompress_raw(data[at + 4 : at + 4 + size]))
            at += 4 + size
    return bytes(result)


_WHOLE: dict[str, Callable[[bytes], bytes]] = {
    "bz2": bz2.decompress,
    "deflate": zlib.decompress,
    "snappy": _unsnappy,
    "zst": lambda data: bytes(cramjam.zstd.decompress(data)),
}
