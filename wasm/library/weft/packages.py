"""Installs packages of pure Python from their wheels.

    from weft import packages
    packages.install("wheels/attrs-25.3.0-py3-none-any.whl", "https://example.org/six-1.17.0-py2.py3-none-any.whl#sha256=...")
    packages.install("pylock.toml")

They are in a folder of their own, folder(); where that survives the program (a mounted one, a persistent one of a page), importing this module makes
what is there importable.
A lock file (pylock.toml: `uv export --format pylock.toml`, `pip lock`) names wheels with their hashes; which ones is the business of the
tool that made it, as nothing is resolved here. All wheels are read and checked before the first file is written.
"""

import base64
import csv
import hashlib
import importlib.util
import os
import posixpath
import shutil
import site
import sys
import sysconfig
import tempfile
import threading
import zipfile
from contextlib import suppress
from dataclasses import dataclass, field
from email.parser import BytesParser
from importlib import metadata
from io import BytesIO, StringIO
from urllib.parse import parse_qsl, unquote, urljoin, urlsplit

from weft._packaging.markers import Marker
from weft._packaging.requirements import Requirement
from weft._packaging.specifiers import SpecifierSet
from weft._packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from weft._packaging.version import Version

__all__ = ["Installed", "PackageError", "folder", "install", "missing"]

# What PEP 376 and PEP 751 take for safe.
_HASHES = ("sha256", "sha384", "sha512")
# Folders of a wheel's .data, and sysconfig's names of where they belong.
_PLACES = {"purelib": "purelib", "platlib": "platlib", "headers": "include", "scripts": "scripts", "data": "data"}
# A wheel's own lists and signatures have no hash in RECORD.
_UNLISTED = ("RECORD", "RECORD.jws", "RECORD.p7s")
_PYTHONS = {"py3", f"cp3{sys.version_info.minor}", *(f"py3{minor}" for minor in range(sys.version_info.minor + 1))}

# Seconds that a server may be silent.
_TIMEOUT = 60

# Placing files and removing those of an earlier version: by one thread at a time.
_lock = threading.Lock()


class PackageError(Exception):
    """A package cannot be installed; nothing of it was."""


@dataclass(frozen=True)
class Installed:
    """A package that was installed."""

    name: str
    version: str


@dataclass
class _Wheel:
    """A wheel that was read and checked. `files` are by their path below one of sysconfig's places."""

    file_name: str
    name: str
    version: str
    record: str
    files: list[tuple[str, str, bytes, bool]] = field(default_factory=list)


@dataclass(frozen=True)
class _Wanted:
    """A wheel that is to be read: where it is, its file's name, and hashes by their algorithm."""

    location: str
    file_name: str
    hashes: dict[str, str]


def _is_url(location):
    return "://" in location


def _beside(location, other):
    """What a lock file at a place calls `other`."""
    if _is_url(other):
        return other
    return urljoin(location, other) if _is_url(location) else os.path.join(os.path.dirname(location), *other.split("/"))


def _read(location):
    if not _is_url(location):
        with open(location, "rb") as file:
            return file.read()
    from urllib.request import urlopen

    try:
        with urlopen(location, timeout=_TIMEOUT) as response:
            return response.read()
    except OSError as error:
        raise PackageError(f"{location} could not be read: {error}. Python reaches the network only where loadWeft() was given network: true") from error


def _base_name(location):
    return unquote(posixpath.basename(urlsplit(location).path)) if _is_url(location) else os.path.basename(location)


def _split(location):
    """A path or URL, and the hash in the URL's fragment, as indexes of packages write it."""
    if not _is_url(location):
        return location, {}
    address, _, fragment = location.partition("#")
    hashes = dict(parse_qsl(fragment, keep_blank_values=True))
    if fragment and not (hashes and hashes.keys() <= set(_HASHES)):
        raise PackageError(f"{location} ends in #{fragment}, which is no hash that could be checked: #sha256=...")
    return address, hashes


def _wanted(location):
    """Of a wheel's path or URL."""
    address, hashes = _split(location)
    file_name = _base_name(address)
    # Before it is loaded in vain.
    _check_name(file_name)
    return _Wanted(address, file_name, hashes)


def _fits(tags):
    return any(tag.interpreter in _PYTHONS and tag.abi == "none" and tag.platform == "any" for tag in tags)


def _check_name(file_name):
    """The package's name and version, where the wheel is for this Python."""
    name, version, tags = _parse_name(file_name)
    if not _fits(tags):
        raise PackageError(_foreign(file_name, tags))
    return name, version


def _parse_name(file_name):
    try:
        name, version, _, tags = parse_wheel_filename(file_name)
    except InvalidWheelFilename as error:
        raise PackageError(f"{file_name!r} is no wheel's name: {error}") from None
    return name, version, tags


def _foreign(file_name, tags):
    """Why a wheel is not for this Python."""
    tag = min(tags, key=str)
    if tag.abi == "none" and tag.platform == "any":
        return f"{file_name} is for another Python ({tag.interpreter}), this is {sys.version_info.major}.{sys.version_info.minor}"
    return (
        f"{file_name} has native code for the ABI {tag.abi} on {tag.platform}: Weft loads no native extension modules, only wheels of pure Python (none-any) can be installed"
    )


def _check_hashes(what, data, hashes):
    for algorithm, value in hashes.items():
        found = hashlib.new(algorithm, data).hexdigest()
        if found != value.lower():
            raise PackageError(f"{what} has the {algorithm} hash {found} instead of {value}: it is not the file that was meant")


def _check_python(what, specifiers):
    version = ".".join(map(str, sys.version_info[:3]))
    if specifiers and not SpecifierSet(specifiers).contains(version, prereleases=True):
        raise PackageError(f"{what} is for Python {specifiers}, this is {version}")


def _safe(path, what):
    """A member's path; none of them may leave the folder."""
    parts = path.split("/")
    if path.startswith("/") or "\\" in path or "\0" in path or any(part in ("", ".", "..") for part in parts):
        raise PackageError(f"{what} has a file with the path {path!r}, which could lie elsewhere")
    return parts


def _place(parts, data_folder, root, what):
    """sysconfig's name of the place that a member belongs to, and its path there."""
    if parts[0] != data_folder:
        return root, "/".join(parts)
    if len(parts) < 3 or parts[1] not in _PLACES:
        raise PackageError(f"{what} has a file with the path {'/'.join(parts)!r}, and no place is known for it")
    return _PLACES[parts[1]], "/".join(parts[2:])


def _text(archive, member, what):
    try:
        return archive.read(member)
    except KeyError:
        raise PackageError(f"{what} has no {member}: it is not a complete wheel") from None


def _check(file_name, data, hashes):
    """Reads a wheel and checks all of it: its name, its hashes, and those of its files."""
    name, version = _check_name(file_name)
    _check_hashes(file_name, data, hashes)
    try:
        return _unpack(file_name, name, version, zipfile.ZipFile(BytesIO(data)))
    except (PackageError, MemoryError):
        raise
    except Exception as error:
        # Of the many modules that read parts of it, each has errors of its own.
        raise PackageError(f"{file_name} is damaged: {error}") from error


def _unpack(file_name, name, version, archive):
    members = [one.filename for one in archive.infolist() if not one.is_dir()]
    folders = sorted({path.split("/")[0] for path in members if path.split("/")[0].endswith(".dist-info")})
    if len(folders) != 1:
        raise PackageError(f"{file_name} has {len(folders)} .dist-info folders instead of one")
    info = folders[0]
    own_name, _, own_version = info.removesuffix(".dist-info").partition("-")
    described = BytesParser().parsebytes(_text(archive, f"{info}/METADATA", file_name))
    found = {(canonicalize_name(own_name), Version(own_version)), (canonicalize_name(described["Name"] or ""), Version(described["Version"] or ""))}
    if found != {(name, version)}:
        raise PackageError(f"{file_name} contains another package: {described['Name']} {described['Version']}, in {info}")
    wheel = BytesParser().parsebytes(_text(archive, f"{info}/WHEEL", file_name))
    if (wheel["Wheel-Version"] or "").split(".")[0] != "1":
        raise PackageError(f"{file_name} has the wheel format {wheel['Wheel-Version']}; formats 1.x are understood")
    _check_python(file_name, described["Requires-Python"])
    root = "purelib" if wheel["Root-Is-Purelib"] == "true" else "platlib"
    listed = {row[0]: row[1] for row in csv.reader(StringIO(_text(archive, f"{info}/RECORD", file_name).decode())) if row}
    checked = _Wheel(file_name, described["Name"], described["Version"], f"{info}/RECORD")
    for member in archive.infolist():
        path = member.filename
        if member.is_dir():
            continue
        parts = _safe(path, file_name)
        content = archive.read(member)
        if path not in [f"{info}/{one}" for one in _UNLISTED]:
            _check_member(file_name, path, content, listed.get(path))
        if path != checked.record:
            place = _place(parts, f"{info.removesuffix('.dist-info')}.data", root, file_name)
            checked.files.append((*place, content, bool(member.external_attr >> 16 & 0o111)))
    return checked


def _check_member(what, path, content, entry):
    algorithm, _, value = (entry or "").partition("=")
    if algorithm not in _HASHES:
        raise PackageError(f"{what} contains {path}, for which its RECORD has no hash")
    if base64.urlsafe_b64encode(hashlib.new(algorithm, content).digest()).rstrip(b"=").decode() != value.rstrip("="):
        raise PackageError(f"{path} in {what} is not what its RECORD says: the wheel is damaged, or was changed")


def _record(wheel, written):
    """The RECORD of what was written: paths are relative to the folder of packages, as importlib.metadata reads them."""
    out = StringIO()
    rows = csv.writer(out, lineterminator="\n")
    for path, content in written:
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        rows.writerow((path, f"sha256={digest}", len(content)))
    rows.writerow((wheel.record, "", ""))
    return out.getvalue().encode()


def _move(source, target):
    """What is not there yet comes as a whole, so that another thread that imports it finds all of it or nothing."""
    if not os.path.isdir(source) or not os.path.isdir(target):
        os.replace(source, target)
        # Bytecode of a file that had the same size in the same second would count as this one's.
        _discard_bytecode(target)
        return
    for name in os.listdir(source):
        _move(os.path.join(source, name), os.path.join(target, name))


def _check_room(path, folder, old):
    """That a file can be written where nothing but the earlier version is in its way."""
    if os.path.isdir(path):
        below = {os.path.join(at, name) for at, _, names in os.walk(path) for name in names if os.path.basename(at) != "__pycache__"}
    else:
        parents = path[len(folder) + 1:].split(os.sep)[:-1] if path.startswith(folder + os.sep) else []
        below = {parent for i in range(len(parents)) if os.path.isfile(parent := os.path.join(folder, *parents[:i + 1]))}
    if not below <= old:
        raise PackageError(f"{path} cannot be written: {min(below - old)} is in its place, which is not the earlier version's")


def _earlier(name, folder):
    """Files of the version that is installed."""
    for found in metadata.distributions(path=[folder]):
        if canonicalize_name(found.metadata["Name"] or "") == canonicalize_name(name):
            return {os.path.normpath(os.path.join(folder, str(path))) for path in found.files or ()}
    return set()


def _places():
    """Where files go, by sysconfig's names: below the home folder, as the library's own is read-only."""
    base = os.path.join(os.path.expanduser("~"), ".local")
    return sysconfig.get_paths("posix_prefix", {"base": base, "platbase": base, "installed_base": base})


def folder():
    """Where packages are installed: `~/.local/lib/python3.13t/site-packages`. It is in sys.path from the first installation on."""
    return _places()["purelib"]


def _targets(wheel, places):
    """The files that installing a wheel writes."""
    files = [(place, path) for place, path, *_ in wheel.files] + [("purelib", wheel.record)]
    return {os.path.join(places[place], *path.split("/")) for place, path in files}


def _install(wheel, places):
    folder = places["purelib"]
    os.makedirs(folder, exist_ok=True)
    staged = tempfile.mkdtemp(prefix=".weft-", dir=folder)
    try:
        written = []
        outside = []
        for place, path, content, executable in wheel.files:
            inside = places[place] == folder
            target = os.path.join(staged if inside else os.path.join(staged, ".outside", place), *path.split("/"))
            os.makedirs(os.path.dirname(target), exist_ok=True)
            with open(target, "wb") as file:
                file.write(content)
            if executable or place == "scripts":
                os.chmod(target, 0o755)
            final = os.path.join(places[place], *path.split("/"))
            written.append((os.path.relpath(final, folder), content))
            if not inside:
                outside.append((target, final))
        with open(os.path.join(staged, *wheel.record.split("/")), "wb") as file:
            file.write(_record(wheel, written))
        for path in _earlier(wheel.name, folder) - _targets(wheel, places):
            _remove(path, folder)
        for target, final in outside:
            os.makedirs(os.path.dirname(final), exist_ok=True)
            os.replace(target, final)
        # Its description comes last: whoever finds it finds the package too.
        for name in sorted(os.listdir(staged), key=lambda name: name.endswith(".dist-info")):
            if name != ".outside":
                _move(os.path.join(staged, name), os.path.join(folder, name))
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    _show(folder, [path for path, _ in written if path.endswith(".pth") and "/" not in path])


def _discard_bytecode(path):
    if path.endswith(".py"):
        with suppress(FileNotFoundError):
            os.remove(importlib.util.cache_from_source(path))


def _remove(path, folder):
    """A file of an earlier version, with the folders that are empty then."""
    with suppress(FileNotFoundError):
        os.remove(path)
    _discard_bytecode(path)
    cache = os.path.join(parent := os.path.dirname(path), "__pycache__")
    if os.path.isdir(cache) and not os.listdir(cache):
        os.rmdir(cache)
    while parent.startswith(folder + os.sep) and not os.listdir(parent):
        os.rmdir(parent)
        parent = os.path.dirname(parent)


def _show(folder, path_files):
    """Makes importable what is in the folder; `path_files` are new there."""
    if folder not in sys.path:
        site.addsitedir(folder)
    else:
        for name in path_files:
            site.addpackage(folder, name, None)
    importlib.invalidate_caches()


def _choose(package, what):
    """The wheel of an entry of the lock file at `what`."""
    title = f"{package['name']} {package.get('version', '')}".rstrip()
    _check_python(f"{title} of {what}", package.get("requires-python"))
    wheels = package.get("wheels", [])
    locations = [_beside(what, wheel["url"] if "url" in wheel else wheel["path"]) for wheel in wheels]
    names = [wheel.get("name") or _base_name(location) for wheel, location in zip(wheels, locations)]
    for wheel, location, name in zip(wheels, locations, names):
        if not _fits(_parse_name(name)[2]):
            continue
        hashes = {algorithm: value for algorithm, value in wheel.get("hashes", {}).items() if algorithm in _HASHES}
        if not hashes:
            raise PackageError(f"{what} has no hash for {name} by which it could be checked ({', '.join(_HASHES)})")
        return _Wanted(location, name, hashes)
    if not wheels:
        raise PackageError(f"{title} of {what} has no wheels, only sources, which cannot be built here")
    raise PackageError(f"{title} of {what} has no wheel of pure Python: {_foreign(names[0], _parse_name(names[0])[2])}")


def _read_lock(location, text):
    """The wheels that a lock file (PEP 751) names for this Python."""
    what, hashes = _split(location)
    _check_hashes(what, text.encode(), hashes)
    import tomllib

    try:
        return _read_entries(what, tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise PackageError(f"{what} is no TOML: {error}") from None
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise PackageError(f"{what} is no lock file that is understood (pylock.toml, PEP 751): {error!r}") from error


def _read_entries(what, lock):
    version = str(lock.get("lock-version", "missing"))
    if version.split(".")[0] != "1" or "packages" not in lock:
        raise PackageError(f"{what} is no lock file that is understood (pylock.toml, PEP 751): its lock-version is {version}")
    context = {"extras": frozenset(), "dependency_groups": frozenset(lock.get("default-groups", []))}
    _check_python(what, lock.get("requires-python"))
    environments = lock.get("environments", [])
    if environments and not any(Marker(one).evaluate(context, "lock_file") for one in environments):
        raise PackageError(f"{what} is for other environments: {'; '.join(environments)}")
    wanted = []
    seen = {}
    for package in lock["packages"]:
        if "marker" in package and not Marker(package["marker"]).evaluate(context, "lock_file"):
            continue
        name = canonicalize_name(package["name"])
        if name in seen:
            raise PackageError(f"{what} has {name} twice for this environment: {seen[name]} and {package.get('version')}")
        seen[name] = package.get("version")
        wanted.append(_choose(package, what))
    return wanted


def _plan(sources):
    """For the host, which reads files itself: the wheels that are wanted of URLs, each with the text of the lock file that is there, or None."""
    wanted = []
    for location, text in sources:
        wanted += [_wanted(location)] if text is None else _read_lock(location, text)
    return [[one.location, one.file_name, list(one.hashes.items())] for one in wanted]


def _install_data(wheels):
    """For the host: wheels by their names, data and hashes. All are checked before the first is installed."""
    checked = [_check(file_name, bytes(data), dict(hashes)) for file_name, data, hashes in wheels]
    with _lock:
        places = _places()
        for wheel in checked:
            old = _earlier(wheel.name, places["purelib"])
            for path in _targets(wheel, places):
                _check_room(path, places["purelib"], old)
        for wheel in checked:
            _install(wheel, places)
    return [Installed(wheel.name, wheel.version) for wheel in checked]


def install(*sources):
    """Installs wheels, and the wheels that lock files name; each source is a path or a URL.

    Gives what was installed. An earlier version's files are replaced; modules that are imported already stay as they are.
    Raises PackageError when a wheel is damaged or not for this Python: then nothing was installed.
    """
    read = [(source, _read(source).decode() if _base_name(source).endswith(".toml") else None) for source in map(os.fspath, sources)]
    return _install_data([(file_name, _read(location), hashes) for location, file_name, hashes in _plan(read)])


def missing():
    """What installed packages need and do not find, as lines for people: "jinja2 3.1.6 needs markupsafe>=2.0"."""
    lines = []
    for found in metadata.distributions():
        for line in found.requires or ():
            requirement = Requirement(line)
            if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
                continue
            try:
                version = metadata.version(requirement.name)
            except metadata.PackageNotFoundError:
                version = None
            if version is None or not requirement.specifier.contains(version, prereleases=True):
                have = "" if version is None else f", and {version} is installed"
                lines.append(f"{found.metadata['Name']} {found.version} needs {requirement.name}{requirement.specifier}{have}")
    return sorted(set(lines))


if os.path.isdir(folder()):
    _show(folder(), [])
