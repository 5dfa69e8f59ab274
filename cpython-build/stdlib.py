"""Packs the standard library with compiled bytecode into zip archives.

    python3.13 stdlib.py --lib DIR --sysconfig DIR [--tables DIR] --variant V --prefix PATH --epoch SECONDS --out FOLDER

python313.zip is what every program loads: the bytecode of what library_core.txt lists. The others are its parts, loaded when a program
first opens one of their members: python313-modules.zip, the other bytecode, python313-tables.zip, what modules/tables.py has taken out of
modules, and python313-sources.zip, sources and data. In python313.zip, the member ".parts" describes them; wasm/sys/archive.c reads it. python313-whole.zip is all of it as one archive.

Runs in the build Python, whose bytecode magic must be that of the packed
library. Equal inputs give equal bytes: entries are sorted and dated with the
epoch, and files are compiled by a fixed number of processes that each take a
fixed share, because what marshal writes depends on what the process has
interned before.
"""

import argparse
import hashlib
import importlib.util
import os
import py_compile
import re
import struct
import subprocess
import sys
import time
import zipfile
from pathlib import Path

SHARES = 4

# Descriptions of packages are read by importlib.metadata.
UNUSED_OF_PACKAGING = {"metadata.py"}

# Needs Tcl/Tk, or a pip that can reach a network and start processes.
LEFT_OUT = {"idlelib", "tkinter", "turtledemo", "turtle.py", "ensurepip", "test", "site-packages"}
# The tests of ensurepip read it; those of Tk skip themselves when it is absent.
TEST_LEFT_OUT = {"idlelib", "tkinter", "turtledemo", "turtle.py", "site-packages"}
# What every program begins with; the rest of its start is frozen. Their bytecode is not compressed: engines compile the
# decompressor with care as soon as it is busy, beside a start that needs the processor.
# In library_core.txt is what else programs of today start with: nothing that is frozen, nothing that few need.
STARTS_WITH = {"encodings/__init__.py", "encodings/aliases.py", "encodings/utf_8.py"}


def take_packaging(lib: Path) -> None:
    """Copies `packaging`, which weft/packages.py uses, out of the pip that CPython's tree carries."""
    wheels = list((lib / "ensurepip" / "_bundled").glob("pip-*.whl"))
    if len(wheels) != 1:
        sys.exit(f"{len(wheels)} wheels of pip in ensurepip/_bundled instead of one")
    target = lib / "weft" / "_packaging"
    target.mkdir(exist_ok=True)
    with zipfile.ZipFile(wheels[0]) as wheel:
        for name in wheel.namelist():
            folder, _, file = name.rpartition("/")
            if folder == "pip/_vendor/packaging" and file.endswith(".py") and file not in UNUSED_OF_PACKAGING:
                (target / file).write_bytes(wheel.read(name))


def source_magic(lib: Path) -> int:
    """The bytecode magic of the packed library, read without running it."""
    text = (lib / "importlib" / "_bootstrap_external.py").read_text()
    found = re.search(r"^MAGIC_NUMBER = \((\d+)\)\.to_bytes", text, re.M)
    if found is None:
        sys.exit("no bytecode magic in importlib/_bootstrap_external.py: not a CPython 3.13 tree")
    return int(found[1])


def listed(lib: Path, variant: str) -> list[str]:
    left_out = LEFT_OUT if variant == "release" else TEST_LEFT_OUT
    names = []
    for root, folders, files in os.walk(lib):
        here = Path(root).relative_to(lib)
        folders[:] = [f for f in folders if f != "__pycache__" and not (here == Path(".") and f in left_out)]
        for file in files:
            if here == Path(".") and file in left_out or file.endswith((".pyc", ".pyo", ".so")):
                continue
            names.append((here / file).as_posix())
    return sorted(names)


def compile_share(lib: Path, prefix: str, cache: Path, names: list[str]) -> None:
    for name in names:
        target = cache / name
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            py_compile.compile(
                str(lib / name), cfile=str(target) + "c", dfile=f"{prefix}/{name}", doraise=True, quiet=1, optimize=0,
                invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
            )
        except (py_compile.PyCompileError, UnicodeError):
            # Test data holds sources that are wrong on purpose; they are packed as they are.
            if not name.startswith("test/"):
                raise


def cached_name(name: str) -> str:
    folder, _, file = name.rpartition("/")
    stem = file.removesuffix(".py")
    return f"{folder + '/' if folder else ''}__pycache__/{stem}.cpython-313.pyc"


def sysconfig_data(folder: Path, paths: list[str]) -> tuple[str, bytes]:
    """The build's configuration variables, without the places of the machine that built it."""
    found = sorted(folder.glob("_sysconfigdata*.py"))
    if len(found) != 1:
        sys.exit(f"expected one _sysconfigdata*.py in {folder}, found {len(found)}")
    text = found[0].read_text()
    for path in sorted(paths, key=len, reverse=True):
        text = text.replace(path, "/usr/src/python")
    # The build Python names the file after its own ABI flags; ours is free-threaded.
    name = re.sub(r"^_sysconfigdata_[a-z]*_", "_sysconfigdata_" + abi_flags(text) + "_", found[0].name)
    return name, text.encode()


def abi_flags(text: str) -> str:
    found = re.search(r"'ABIFLAGS': '([a-z]*)'", text)
    if found is None:
        sys.exit("no ABIFLAGS in the generated configuration variables")
    return found[1]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--lib", type=Path, required=True)
    parser.add_argument("--sysconfig", type=Path, required=True)
    parser.add_argument("--tables", type=Path)
    parser.add_argument("--variant", choices=["release", "test", "debug", "counting"], required=True)
    parser.add_argument("--prefix", required=True)
    parser.add_argument("--epoch", type=int, required=True)
    parser.add_argument("--strip", action="append", default=[])
    parser.add_argument("--scratch", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--share", type=int)
    args = parser.parse_args()

    ours = int.from_bytes(importlib.util.MAGIC_NUMBER[:2], "little")
    theirs = source_magic(args.lib)
    if ours != theirs:
        sys.exit(f"bytecode magic of the build Python {sys.version.split()[0]} is {ours}, that of the source is {theirs}; "
                 "use a build Python of the same release series")

    if args.share is None:
        take_packaging(args.lib)
    names = listed(args.lib, args.variant)
    sources = [name for name in names if name.endswith(".py")]
    if args.share is not None:
        compile_share(args.lib, args.prefix, args.scratch, sources[args.share::SHARES])
        return

    shares = [subprocess.Popen([sys.executable, *sys.argv, "--share", str(n)]) for n in range(SHARES)]
    if any([share.wait() for share in shares]):
        sys.exit("a compilation to bytecode failed")

    entries: dict[str, bytes] = {name: (args.lib / name).read_bytes() for name in names}
    config_name, config_text = sysconfig_data(args.sysconfig, args.strip)
    config_source = args.scratch / config_name
    config_source.write_bytes(config_text)
    compile_share(args.scratch, args.prefix, args.scratch, [config_name])
    entries[config_name] = config_text
    # getpath looks for this folder and warns on every start without it.
    entries["lib-dynload/README.txt"] = b"All extension modules are part of the interpreter.\n"
    for name in [*sources, config_name]:
        compiled = args.scratch / (name + "c")
        if compiled.exists():
            entries[cached_name(name)] = compiled.read_bytes()

    # Where extension modules' files belong. Not compressed, as servers do that better.
    tables = {f"lib-dynload/{file.name}": file.read_bytes() for file in (args.tables.glob("*.tables") if args.tables else [])}
    entries |= tables
    stored = {cached_name(name) for name in STARTS_WITH} | tables.keys()
    core = {cached_name(name) for name in [*(Path(__file__).with_name("library_core.txt")).read_text().split(), *STARTS_WITH]}
    if not core <= entries.keys():
        sys.exit(f"not in the library: {sorted(core - entries.keys())}")
    compiled = {name for name in entries if name.endswith(".pyc")}
    folders = {"lib-dynload/README.txt"}

    def pack(file: str, names: set[str], extra: dict[str, bytes] = {}) -> None:
        size = write(args.out / file, {**{name: entries[name] for name in names}, **extra}, stored | extra.keys(), args.epoch)
        print(f"{file}: {len(names)} files, {size} bytes")

    parts = {
        "python313-modules.zip": compiled - core,
        "python313-tables.zip": tables.keys(),
        "python313-sources.zip": entries.keys() - compiled - tables.keys() - folders,
    }
    for file, names in parts.items():
        pack(file, names)
    pack("python313.zip", core | folders, {".parts": described([args.out / file for file in parts])})
    # For a profile whose modules have their tables.
    pack("python313-whole.zip", entries.keys() - tables.keys())


def write(file: Path, entries: dict[str, bytes], stored: set[str], epoch: int) -> int:
    date = time.gmtime(epoch)[:6]
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(entries):
            entry = zipfile.ZipInfo(name, date)
            entry.compress_type = zipfile.ZIP_STORED if name in stored else zipfile.ZIP_DEFLATED
            entry.create_system = 3
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, entries[name])
    return file.stat().st_size


def described(parts: list[Path]) -> bytes:
    """What is in the parts; the format is that of read_parts() in wasm/sys/archive.c."""
    out = b"WPT1"
    for part in parts:
        image = part.read_bytes()
        # No comment is written: the end record is the last 22 bytes.
        members, size, central = struct.unpack("<H2I", image[-12:-2])
        name = part.name.encode()
        out += struct.pack("<2I32s3I", len(image), central, hashlib.sha256(image).digest(), len(name), size, members) + name + image[central:central + size]
    return out


main()
