"""Takes large constant tables of modules that few programs import out of CPython's library.

    python3.13 tables.py LIBRARY OUT HEADER

Of each table in the objects named in SETS that has no pointers, the bytes are moved from the object to OUT/SET.tables, in which
the tables of a set follow one another. Zeros stay behind, which take no place in the linked module. Symbols of static tables
become global, and hidden, so that wasm/python/tables.c, which includes HEADER, can fill the tables before their modules begin.
LIBRARY is changed in place, and no length in it changes.
"""

import sys
from pathlib import Path

SETS = {
    "unicodedata": ["unicodedata.o"],
    "cjkcodecs": ["_codecs_cn.o", "_codecs_hk.o", "_codecs_jp.o", "_codecs_kr.o", "_codecs_tw.o"],
}
# Bytes: smaller ones are not worth a symbol.
LEAST = 1024

# WebAssembly's object files: https://github.com/WebAssembly/tool-conventions/blob/main/Linking.md
CUSTOM, DATA = 0, 11
SYMBOL_TABLE = 8
KIND_DATA, KIND_SECTION = 1, 3
LOCAL, HIDDEN, UNDEFINED, EXPLICIT_NAME = 0x02, 0x04, 0x10, 0x40
RELOCATIONS_WITH_ADDEND = {3, 4, 5, 8, 9, 11, 14, 15, 16, 17, 21, 22, 23, 25}


class Reader:
    def __init__(self, data, at, end):
        self.data, self.at, self.end = data, at, end

    def number(self):
        value = shift = 0
        while True:
            byte = self.data[self.at]
            self.at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def text(self):
        length = self.number()
        self.at += length
        return bytes(self.data[self.at - length:self.at]).decode()

    def skip(self, length):
        self.at += length

    def part(self):
        """What follows its own length."""
        length = self.number()
        self.at += length
        return Reader(self.data, self.at - length, self.at)


def members(library):
    """Names and places of an archive's files (GNU's format)."""
    if library[:8] != b"!<arch>\n":
        sys.exit("not an archive")
    at, long_names = 8, b""
    while at + 60 <= len(library):
        name, size = bytes(library[at:at + 16]).decode().rstrip(), int(library[at + 48:at + 58])
        start = at + 60
        if name == "//":
            long_names = bytes(library[start:start + size])
        elif name.startswith("/") and name[1:].isdigit():
            name = long_names[int(name[1:]):].split(b"/\n")[0].decode()
        yield name.rstrip("/"), start, start + size
        at = start + size + size % 2


def sections(data, start, end):
    if bytes(data[start:start + 8]) != b"\0asm\1\0\0\0":
        sys.exit("an object is not WebAssembly")
    reader, index = Reader(data, start + 8, end), 0
    while reader.at < end:
        kind = data[reader.at]
        reader.skip(1)
        yield index, kind, reader.part()
        index += 1


def segments(section):
    """Where the bytes of each data segment are."""
    places = []
    for _ in range(section.number()):
        flags = section.number()
        if flags == 2:
            section.number()
        if flags != 1:
            # i32.const N, end
            section.skip(1)
            section.number()
            section.skip(1)
        content = section.part()
        places.append((content.at, content.end))
    return places


def relocated(section, base):
    """Where the pointers of the data section are."""
    places = []
    for _ in range(section.number()):
        kind = section.number()
        places.append(base + section.number())
        section.number()
        if kind in RELOCATIONS_WITH_ADDEND:
            section.number()
    return places


def symbols(table):
    """Of each symbol for data: its name, where its flags are, and its segment, offset and size."""
    for _ in range(table.number()):
        kind = table.data[table.at]
        table.skip(1)
        flags_at = table.at
        flags = table.number()
        if kind == KIND_DATA:
            name = table.text()
            if not flags & UNDEFINED:
                yield name, flags_at, table.number(), table.number(), table.number()
        elif kind == KIND_SECTION:
            table.number()
        else:
            table.number()
            if not flags & UNDEFINED or flags & EXPLICIT_NAME:
                table.text()


def take(library, start, end):
    """The tables of an object: names and bytes."""
    places, pointers, found, data_index = [], [], [], None
    for index, kind, section in sections(library, start, end):
        if kind == DATA:
            data_index, base, places = index, section.at, segments(section)
        elif kind == CUSTOM:
            name = section.text()
            if name == "reloc.DATA":
                if section.number() != data_index:
                    sys.exit("relocations of another section than the one for data")
                pointers = relocated(section, base)
            elif name == "linking":
                if section.number() != 2:
                    sys.exit("linking information of another version")
                while section.at < section.end:
                    what = section.number()
                    table = section.part()
                    if what == SYMBOL_TABLE:
                        found = list(symbols(table))
    taken = []
    for name, flags_at, segment, offset, size in found:
        first, last = places[segment]
        whole = offset == 0 and size == last - first
        if size < LEAST or not whole or any(first <= pointer < last for pointer in pointers):
            continue
        taken.append((name, bytes(library[first:last])))
        library[first:last] = bytes(size)
        if library[flags_at] & LOCAL:
            library[flags_at] = library[flags_at] & ~LOCAL | HIDDEN
    return taken


def main(path, out, header_path):
    out.mkdir()
    library = bytearray(path.read_bytes())
    places = {name: (start, end) for name, start, end in members(library)}
    header = ["/* Generated by cpython-build/modules/tables.py: the tables of each set, in the order of its file. */"]
    for name, objects in SETS.items():
        tables = [table for file in objects for table in take(library, *places[file])]
        if not tables:
            sys.exit(f"there are no tables in {', '.join(objects)}")
        (out / f"{name}.tables").write_bytes(b"".join(content for _, content in tables))
        header.append(f"#define WEFT_TABLES_{name.upper()}(TABLE) \\")
        header += [f"  TABLE({symbol}, {len(content)}) \\" for symbol, content in tables]
        header.append("")
        print(f"{name}: {len(tables)} tables, {sum(len(content) for _, content in tables)} bytes")
    header_path.write_text("\n".join(header))
    path.write_bytes(library)


main(*map(Path, sys.argv[1:]))
