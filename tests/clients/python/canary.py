"""Planted secrets, and the search for them: raw, in base64 at each of its three alignments, in hex and URL-encoded."""

from __future__ import annotations

import base64
import re
import secrets
import string
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote


def letters(count: int) -> str:
    return "".join(secrets.choice(string.ascii_lowercase) for _ in range(count))


def odd_key() -> str:
    """A key without a known beginning and without digits: nothing but knowing it tells that it is one."""
    return f"{letters(9)}-{letters(12)}+/{letters(9)}~{letters(8)}"


def core(key: str) -> bytes:
    """What of a provider key is looked for: its last four characters are shown on purpose."""
    return key[:-4].encode()


def forms(value: bytes) -> dict[str, bytes]:
    """Returns every form in which the value could stand somewhere, by name."""
    found = {"raw": value, "hex": value.hex().encode(), "HEX": value.hex().upper().encode()}
    for shift in range(3):
        whole = base64.b64encode(b"\0" * shift + value)
        # Characters that also hold bits of what stands before or behind are left out.
        start, end = (shift * 8 + 5) // 6, (shift + len(value)) * 8 // 6
        inner = whole[start:end]
        found[f"base64+{shift}"] = inner
        found[f"base64url+{shift}"] = inner.translate(bytes.maketrans(b"+/", b"-_"))
    if value.isascii():
        encoded = quote(value, safe="")
        found["url"] = encoded.encode()
        found["url in small letters"] = re.sub("%..", lambda escape: escape[0].lower(), encoded).encode()
        found["form"] = encoded.replace("~", "%7E").encode()
    return found


@dataclass
class Canaries:
    """What is looked for, by kind; one kind may have several values."""

    needles: dict[str, list[bytes]] = field(default_factory=dict)

    def add(self, kind: str, *values: bytes) -> None:
        self.needles.setdefault(kind, []).extend(values)

    def find(self, place: str, data: bytes, allowed: tuple[str, ...] = ()) -> list[str]:
        """Returns a line for each canary in the data that may not be there."""
        hits = []
        for kind, values in self.needles.items():
            for value in values if kind not in allowed else ():
                for form, pattern in forms(value).items():
                    if (at := data.find(pattern)) >= 0:
                        hits.append(f"{kind} ({form}) in {place}: …{data[max(at - 120, 0) : at + len(pattern) + 40]!r}")
                        break
        return hits


def files_below(folder: Path) -> dict[str, bytes]:
    """Returns the content of every file, by name; a file may go while it is looked for."""
    found = {}
    for path in sorted(folder.rglob("*")):
        try:
            if path.is_file():
                found[str(path.relative_to(folder))] = path.read_bytes()
        except OSError:
            continue
    return found
