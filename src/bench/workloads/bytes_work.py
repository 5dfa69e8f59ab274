"""Bytes: checksums, slices, packed records, bytearrays that grow, translation."""

import struct
import zlib

LOOPS = 4
EXPECTED = [1179529138, 736018838, 17745516.0, 64, 16128, 671437, 120000, 28724]

TABLE = bytes((i * 7 + 3) & 255 for i in range(256))


def run(loops):
    for _ in range(loops):
        data = bytes(range(256)) * 64
        record = struct.Struct("<IHbd")
        out = bytearray()
        for i in range(4000):
            out += record.pack(i, i & 0xFFFF, i % 127, i / 4)
        total = 0.0
        for number, low, small, part in record.iter_unpack(out):
            total += number + low - small + part
        view = memoryview(out)
        swapped = b"".join(bytes(view[i:i + 15][::-1]) for i in range(0, len(out), 15))
        mixed = data.translate(TABLE)
        xor = bytes(a ^ b for a, b in zip(data, mixed))
        value = [
            zlib.crc32(swapped), zlib.adler32(xor), total, data.count(b"\x10\x11"), mixed.rfind(b"\x03"),
            int.from_bytes(xor[:16], "little") % 1_000_003, len(bytes(out).hex()), len(bytes(out).split(b"\0")),
        ]
    return value
