"""Paths of a job, made when they are needed and moved aside when a crawl starts afresh."""

import errno
import os
import pwd
import shlex
import time
from pathlib import Path
from typing import NamedTuple

from crawler.errors import ConfigError, FrontierError, StorageError
from crawler.job.lock import FILE_NAME, acquire

DIRECTORY_MODE = 0o700
FILE_MODE = 0o600

_OURS = (".jsonl", ".jsonl.zst", ".jsonl.zst.tmp", ".warc.gz")
"""Endings of the files of parts."""
_MARKS = ("frontier.db", "manifest.json", FILE_NAME)
"""A directory that has none of these is no job, and is never moved."""

DEFAULT_NAME = "crawl"
"""Of the directory that a command means which names none."""

_NETWORK = frozenset(
    {"afs", "beegfs", "ceph", "cifs", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs3", "nfs4"}
    | {"ocfs2", "smb2", "smb3", "smbfs"}
    | {f"fuse.{name}" for name in ("ceph", "davfs2", "gcsfuse", "glusterfs", "s3fs", "sshfs")}
    | {"fuse.rclone"}
)
_MOUNTS = Path("/proc/self/mounts")


class Job(NamedTuple):
    """Where everything of one crawl is."""

    root: Path
    pages: Path
    """Directory of the part files; outside of the job with --output."""

    @classmethod
    def at(cls, root: Path, output: Path | None = None) -> "Job":
        return cls(root, output if output is not None else root / "pages")

    @property
    def frontier(self) -> Path:
        return self.root / "frontier.db"

    @property
    def log(self) -> Path:
        return self.root / "logs" / "crawler.jsonl"

    @property
    def manifest(self) -> Path:
        return self.root / "manifest.json"

    @property
    def lock(self) -> Path:
        return self.root / FILE_NAME

    def exists(self) -> bool:
        """Whether a crawl has ever started here.

        Raises:
            ConfigError, FrontierError: nobody can tell.
        """
        return any(is_there(self.root / mark) for mark in _MARKS)

    def create(self) -> None:
        """Make the directories that are missing, and find out now whether they can be written.

        Raises:
            ConfigError: something else is where a directory should be.
            StorageError: the system does not let us.
        """
        for directory in (self.root, self.pages, self.log.parent):
            make_directory(directory)


def has_store(job: Path) -> bool:
    """Whether a directory holds a job, as far as its store says.

    Raises:
        ConfigError: there can be no such path.
        FrontierError: it is another user's, who lets nobody look.
    """
    return is_there(job / "frontier.db")


def is_there(path: Path) -> bool:
    """Whether a path exists; it does not count as missing because we may not look.

    Raises:
        ConfigError: there can be no such path.
        FrontierError: it is below a directory that we may not enter.
    """
    try:
        path.stat()
    except PermissionError:
        raise FrontierError(f"{path.parent} cannot be read: {whose(path.parent)}") from None
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            return False
        raise ConfigError(f"{path}: {error.strerror}") from None
    return True


def whose(path: Path) -> str:
    """Say why a path cannot be read or written: whose it is, or what it is below."""
    for place in (path.absolute(), *path.absolute().parents):
        try:
            uid = place.stat().st_uid
        except OSError:
            continue  # what is above it keeps us out
        if uid == os.geteuid():
            return os.strerror(errno.EACCES)
        try:
            name = pwd.getpwuid(uid).pw_name
        except KeyError:
            name = f"uid {uid}"
        what = "it" if place == path.absolute() else str(place)
        return f"{what} belongs to another user ({name}); run this as that user"
    return os.strerror(errno.EACCES)


def make_directory(path: Path) -> None:
    """Make a directory that only we can enter; one that exists keeps its mode.

    Raises:
        ConfigError: it is a file, or below one.
        StorageError: it cannot be made or written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir(mode=DIRECTORY_MODE, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise ConfigError(f"{path} is no directory") from None
    except OSError as error:
        if error.errno in (errno.ENAMETOOLONG, errno.ELOOP):
            raise ConfigError(f"{path}: {error.strerror}") from None
        raise _storage(path, error) from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise StorageError(f"{path} cannot be written: {whose(path)}")


def refuse_network_file_system(path: Path) -> None:
    """SQLite's locks and shared memory do not work over a network; say so before the first write.

    Raises:
        FrontierError: the path is on such a file system.
    """
    kind = file_system_of(path)
    if kind in _NETWORK:
        raise FrontierError(
            f"{path} is on a network file system ({kind}), where SQLite would be damaged; "
            "use --job on a local disk, --output may stay"
        )


def file_system_of(path: Path, mounts: Path = _MOUNTS) -> str | None:
    """Return the type of the file system of a path; None where the system does not say."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return None
    real = path.resolve()
    found, depth = None, -1
    for line in lines:
        _, point, kind, *_ = line.split(" ")
        mounted = Path(point.replace("\\040", " ").replace("\\011", "\t"))
        # Of two mounts on one place the later one is on top.
        if real.is_relative_to(mounted) and len(mounted.parts) >= depth:
            found, depth = kind, len(mounted.parts)
    return found


def move_aside(job: Job) -> Path | None:
    """Rename an old job to `NAME.YYYYmmdd-HHMMSS`; nothing is deleted. None: there is none.

    Parts outside of the job (--output) go to a directory beside theirs; other files there stay.

    Raises:
        ConfigError: the directory has files, but is no job.
        JobLocked: a crawler works in it.
        StorageError: it cannot be renamed.
    """
    if not job.exists():
        if job.root.is_dir() and any(job.root.iterdir()):
            raise ConfigError(f"{job.root} holds no crawl; --fresh does not move it")
        return None
    stamp = time.strftime("%Y%m%d-%H%M%S")
    with acquire(job.root):
        outside = not job.pages.resolve().is_relative_to(job.root.resolve())
        if outside:
            _move_parts(job.pages, stamp)
        return rename_aside(job.root, stamp)


def rename_aside(path: Path, stamp: str) -> Path:
    """Give a directory a free name with the time in it; return that.

    Raises:
        StorageError: it cannot be renamed.
    """
    aside = _free_name(path, stamp)
    try:
        path.rename(aside)
    except OSError as error:
        raise _storage(path, error) from error
    return aside


def _move_parts(pages: Path, stamp: str) -> None:
    parts = [path for ending in _OURS for path in sorted(pages.glob(f"part-*{ending}"))]
    if not parts:
        return
    aside = _free_name(pages, stamp)
    make_directory(aside)
    for part in parts:
        try:
            part.rename(aside / part.name)
        except OSError as error:
            raise _storage(part, error) from error


def _free_name(path: Path, stamp: str) -> Path:
    path = path.absolute()
    name = path.with_name(f"{path.name}.{stamp}")
    number = 1
    while name.exists():
        number += 1
        name = path.with_name(f"{path.name}.{stamp}-{number}")
    return name


def _storage(path: Path, error: OSError) -> StorageError:
    return StorageError(f"{path} cannot be written: {error.strerror}")


def shown_path(path: Path) -> str:
    """Return it as short as a person would type it here."""
    try:
        return str(path.absolute().relative_to(Path.cwd()))
    except (ValueError, OSError):  # elsewhere, or here is no more
        return str(path)


def job_flag(root: Path) -> str:
    """Return what a command typed here needs to mean this job, a blank before it, or nothing."""
    shown = shown_path(root)
    return "" if shown == DEFAULT_NAME else f" --job {shlex.quote(shown)}"
