"""Looking at processes from outside."""

import re
from pathlib import Path


def alive(pid):
    """Whether a process runs; one that ended and waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def children_of(pid):
    threads = Path(f"/proc/{pid}/task").iterdir()
    return [
        int(child)
        for thread in threads
        for child in (thread / "children").read_text(encoding="ascii").split()
    ]


def listening_addresses_of(pid):
    """What a process listens on, from the system's own tables: ("tcp", "0100007F:1F40") is 127.0.0.1:8000."""
    inodes = set()
    for fd in Path(f"/proc/{pid}/fd").iterdir():
        found = re.fullmatch(r"socket:\[(\d+)\]", str(fd.readlink())) if fd.is_symlink() else None
        inodes |= {found[1]} if found else set()
    listening = []
    for table, state in (("tcp", "0A"), ("tcp6", "0A"), ("udp", "07"), ("udp6", "07")):
        for line in Path(f"/proc/net/{table}").read_text(encoding="ascii").splitlines()[1:]:
            fields = line.split()
            if fields[3] == state and fields[9] in inodes:
                listening.append((table, fields[1]))
    return listening


def loopback(port):
    return ("tcp", f"0100007F:{port:04X}")
