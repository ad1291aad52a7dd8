"""Vendoring: the browser libraries that the page stands on, at exact versions with their hashes.

They lie in the repository, so that the page works without the internet and without node. This
script alone talks to the package registry, through `npm pack`, and only when a version changes:

    python -m interfaces.web.vendoring check    compare what lies here with the lock
    python -m interfaces.web.vendoring fetch    bring the locked versions and check them
    python -m interfaces.web.vendoring accept   bring them and write their hashes into the lock
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import msgspec
from cyclopts import App

HERE = Path(__file__).parent
LOCK = HERE / "vendor.lock.json"
VENDOR = HERE / "vendor"
FETCH_TIMEOUT_S = 120

app = App(name="vendoring", help=__doc__)


class VendoredFile(msgspec.Struct, frozen=True):
    """One file out of a package, and where it lies below `vendor/`."""

    member: str  # the path inside the package
    path: str  # the path below vendor/; it carries the version, so that browsers may keep it
    sha256: str


class Package(msgspec.Struct, frozen=True):
    """One package at one version, and the few of its files that are used."""

    name: str
    version: str
    licence: str
    sha256: str  # of the package as the registry hands it out
    files: list[VendoredFile]


class Lock(msgspec.Struct, frozen=True):
    """Everything that is vendored."""

    packages: list[Package]


class VendorMismatch(Exception):
    """What came, or what lies here, is not what the lock says."""


def read_lock() -> Lock:
    return msgspec.json.decode(LOCK.read_bytes(), type=Lock)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def mismatches(lock: Lock) -> list[str]:
    """Say what differs between the lock and the files below `vendor/`; empty when nothing does."""
    wanted = {file.path: file.sha256 for package in lock.packages for file in package.files}
    found = {
        path.relative_to(VENDOR).as_posix(): sha256(path.read_bytes())
        for path in VENDOR.rglob("*")
        if path.is_file()
    }
    return [
        *[f"{path} is missing" for path in sorted(wanted.keys() - found.keys())],
        *[f"{path} is in no package of the lock" for path in sorted(found.keys() - wanted.keys())],
        *[
            f"{path} has another hash than the lock says"
            for path in sorted(wanted.keys() & found.keys())
            if wanted[path] != found[path]
        ],
    ]


def pack(package: Package, directory: Path) -> Path:
    """Bring one package as the registry hands it out, without running anything of it."""
    npm = shutil.which("npm")
    if npm is None:
        raise VendorMismatch("npm is needed to fetch packages, and was not found on the PATH")
    spec = f"{package.name}@{package.version}"
    before = set(directory.iterdir())
    subprocess.run(
        [npm, "pack", "--ignore-scripts", "--silent", spec],
        cwd=directory,
        check=True,
        timeout=FETCH_TIMEOUT_S,
        stdout=subprocess.DEVNULL,
    )
    (archive,) = set(directory.iterdir()) - before
    return archive


def unpack(package: Package, archive: Path) -> dict[str, bytes]:
    """Return the wanted members by their path below `vendor/`; nothing else is read or written."""
    contents: dict[str, bytes] = {}
    with tarfile.open(archive) as tar:
        for file in package.files:
            member = tar.extractfile(f"package/{file.member}")
            if member is None:
                raise VendorMismatch(f"{package.name} has no file {file.member}")
            contents[file.path] = member.read()
    return contents


def bring(package: Package, *, accepting: bool) -> Package:
    """Fetch one package into `vendor/` and return it with the hashes that were met."""
    with tempfile.TemporaryDirectory() as directory:
        archive = pack(package, Path(directory))
        archive_sha256 = sha256(archive.read_bytes())
        if not accepting and archive_sha256 != package.sha256:
            raise VendorMismatch(f"{package.name} came with another hash than the lock says")
        contents = unpack(package, archive)
    for path, content in contents.items():
        target = VENDOR / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return msgspec.structs.replace(
        package,
        sha256=archive_sha256,
        files=[
            msgspec.structs.replace(file, sha256=sha256(contents[file.path]))
            for file in package.files
        ],
    )


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


@app.command
def check() -> int:
    """Compare what lies below vendor/ with the lock."""
    found = mismatches(read_lock())
    for line in found or ["Everything vendored is as the lock says."]:
        say(line)
    return 1 if found else 0


@app.command
def fetch() -> int:
    """Bring the locked versions, refusing any that has another hash."""
    for package in read_lock().packages:
        bring(package, accepting=False)
    return check()


@app.command
def accept() -> int:
    """Bring the versions the lock names and write down the hashes they came with."""
    shutil.rmtree(VENDOR, ignore_errors=True)
    packages = [bring(package, accepting=True) for package in read_lock().packages]
    content = msgspec.json.format(msgspec.json.encode(Lock(packages)), indent=2)
    LOCK.write_bytes(content + b"\n")
    return check()


if __name__ == "__main__":
    sys.exit(app())
