"""Becoming another user: PostgreSQL refuses to run as root, so root's server runs as somebody else.

The repository may lie where only root may enter (root's home, say). Instead of opening those
directories, the server keeps one capability: to pass and read directories (DAC_READ_SEARCH), or,
where a container withholds that one, to override file permissions (DAC_OVERRIDE).
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from typing import NamedTuple

# From linux/capability.h and linux/prctl.h; these numbers are part of the kernel's stable ABI.
CAP_DAC_OVERRIDE = 1
CAP_DAC_READ_SEARCH = 2
PR_SET_PDEATHSIG = 1
PR_SET_KEEPCAPS = 8
PR_SET_SECUREBITS = 28
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
SECBIT_NO_SETUID_FIXUP = 1 << 2
CAPABILITY_VERSION_3 = 0x20080522

IS_LINUX = sys.platform == "linux"
LIBC = ctypes.CDLL(None, use_errno=True)


class Identity(NamedTuple):
    """Whom a process runs as, and the one capability that it keeps while being nobody special."""

    uid: int
    gid: int
    capability: int | None = None


def become(identity: Identity) -> None:
    """Turn this process, which is root's, into the identity's for good.

    Raises:
        OSError: the kernel or the container does not allow it.
    """
    keeps = identity.capability is not None and IS_LINUX
    os.setgroups([])
    if keeps:
        call("prctl", PR_SET_KEEPCAPS, 1, 0, 0, 0)
        # Without it, access(2), which PostgreSQL asks about its own binaries, ignores what we keep.
        call("prctl", PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0)
    os.setresgid(identity.gid, identity.gid, identity.gid)
    os.setresuid(identity.uid, identity.uid, identity.uid)
    if keeps and identity.capability is not None:
        raise_ambient(identity.capability)


def raise_ambient(capability: int) -> None:
    """Shrink what was kept to one capability and let it survive the coming exec."""
    bit = 1 << capability
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    # Two triples of effective, permitted, inheritable; the second is for capabilities above 31.
    data = (ctypes.c_uint32 * 6)(bit, bit, bit, 0, 0, 0)
    call("capset", ctypes.byref(header), ctypes.byref(data))
    call("prctl", PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0)


def die_with_parent(how: signal.Signals, parent_pid: int) -> None:
    """Ask the kernel for a signal when the parent dies.

    It has to be asked after a change of user, which forgets it. On other systems than Linux the
    keeper's pipe is the only tie, which is enough unless the keeper itself is killed.
    """
    if not IS_LINUX:
        return
    call("prctl", PR_SET_PDEATHSIG, int(how), 0, 0, 0)
    if os.getppid() != parent_pid:
        os.kill(os.getpid(), signal.SIGKILL)


def call(function: str, *arguments: object) -> None:
    if getattr(LIBC, function)(*arguments) != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{function}: {os.strerror(code)}")
