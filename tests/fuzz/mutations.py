"""Random damage to files: bytes, lines, fields of headers, JSON, tables, databases. All of it follows from a seed."""

from __future__ import annotations

import csv
import io
import json
import re
import sqlite3
import struct
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

Mutation = Callable[[bytes, Random], bytes]
NUMBERS = (
    *("0", "-1", "1", "2", "3", "7", "100", "255", "65536", "2147483647", "2147483648", "4294967296", "-2147483648"),
    *("9223372036854775807", "9223372036854775808", "1e-300", "1e300", "1e400", "nan", "inf", "-inf", "0.5", "1,5"),
    *("0x10", "1e3", "", " ", "999999999999999999999999", "-0", "1_000", "\u0663"),
)
WORDS = (
    *("", "\0", "a" * 5000, "../../../etc/passwd", "/dev/zero", "/etc/passwd", "true", "None", "%s%n", "é\u202e"),
    *("LIST", "LOCAL", "\ufeff", "[]", "{}", "$(id)", "a\nb", "scan.nii", ".", "..", "CON"),
)
VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2**31, 2**53 + 1, 2**63, 2**64, -(2**63), 10**400, 0.5, -0.0, 1e-300, 1e300),
    *(float("nan"), float("inf"), "", "a", "\0", "\ud800", "a" * 5000, "../../x", "/etc/passwd", [], {}, [[]]),
    *([None], [0, 0, 0], {"a": None}, [1e300] * 3, [[[]]], ["x"] * 100),
)


# --- bytes --------------------------------------------------------------------------------------------------------


def flip_bits(data: bytes, rng: Random, among: int | None = None) -> bytes:
    """Change one to eight bytes, a bit or the whole of each; ``among`` limits it to the first so many."""
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 4, 8))):
        place = rng.randrange(min(len(changed), among or len(changed)))
        changed[place] = rng.choice((changed[place] ^ 1 << rng.randrange(8), rng.randrange(256), 0, 255))
    return bytes(changed)


def flip_at_the_start(data: bytes, rng: Random) -> bytes:
    """Change bytes where headers lie."""
    return flip_bits(data, rng, rng.choice((16, 64, 600)))


def cut(data: bytes, rng: Random) -> bytes:
    """Leave out the end."""
    return data[: rng.choice((rng.randrange(len(data)), max(0, len(data) - rng.randint(1, 16)), rng.randrange(16)))]


def insert(data: bytes, rng: Random) -> bytes:
    """Add bytes in between or behind."""
    place = rng.choice((len(data), rng.randrange(len(data)), rng.randrange(min(len(data), 600))))
    return data[:place] + rng.choice((rng.randbytes(rng.randint(1, 40)), bytes(rng.randint(1, 5000)))) + data[place:]


def leave_out(data: bytes, rng: Random) -> bytes:
    """Remove bytes in between."""
    place = rng.randrange(len(data))
    return data[:place] + data[place + rng.randint(1, 64) :]


def repeat(data: bytes, rng: Random) -> bytes:
    """Have a part twice."""
    place = rng.randrange(len(data))
    return data[:place] + data[place : place + rng.randint(1, 600)] + data[place:]


def blank(data: bytes, rng: Random) -> bytes:
    """Zeros over a part, as a disk leaves them."""
    place, n = rng.randrange(len(data)), rng.choice((1, 16, 512, 4096))
    return data[:place] + bytes(min(n, len(data) - place)) + data[place + n :]


BYTES: tuple[Mutation, ...] = (flip_bits, flip_at_the_start, cut, insert, leave_out, repeat, blank)


# --- numbers at known places --------------------------------------------------------------------------------------


def fields(
    places: Sequence[tuple[int, str]], shell: Callable[[Mutation], Mutation] = lambda change: change
) -> Mutation:
    """A change of fields of a binary header: (offset, struct code) each; ``shell`` unpacks and packs around it."""

    def change(data: bytes, rng: Random) -> bytes:
        changed = bytearray(data)
        for _ in range(rng.choice((1, 1, 2, 3))):
            offset, code = rng.choice(places)
            size = struct.calcsize(code)
            if code[-1] in "fd":
                value: float = rng.choice(
                    (0.0, -1.0, 1e-30, 1e30, float("nan"), float("inf"), 100.0, rng.uniform(-9, 9))
                )
            else:
                top = 1 << 8 * size
                value = rng.choice((0, 1, 2, 3, 8, 9, 16, 128, top // 2 - 1, top // 2, top - 1, rng.randrange(top)))
                value -= top if code[-1].islower() and value >= top // 2 else 0
            if offset + size <= len(changed):
                struct.pack_into(code, changed, offset, value)
        return bytes(changed)

    return shell(change)


# --- lines of a header --------------------------------------------------------------------------------------------


def header_lines(data: bytes, rng: Random) -> bytes:
    """Change lines of a text header, which ends at a blank line or where bytes begin that are no text."""
    end = len(re.match(rb"[\t\n\r\x20-\x7e]*", data)[0])  # type: ignore[index]
    end = min(end, data.find(b"\n\n") + 1 or end)
    lines = data[:end].decode("ascii").splitlines(keepends=True)
    if not lines:
        return flip_bits(data, rng)
    for _ in range(rng.choice((1, 1, 2))):
        place = rng.randrange(len(lines))
        kind = rng.randrange(7)
        if kind == 0:
            lines.insert(rng.randrange(len(lines)), lines[place])
        elif kind == 1 and len(lines) > 1:
            del lines[place]
        elif kind == 2:
            other = rng.randrange(len(lines))
            lines[place], lines[other] = lines[other], lines[place]
        elif kind == 3:
            lines[place] = _numbers(lines[place], rng)
        elif kind == 4:
            name, sign, value = _parted(lines[place])
            other_value = _parted(rng.choice(lines))[2]
            lines[place] = (
                name + sign + rng.choice((other_value, f" {rng.choice(WORDS)}\n", value.rstrip("\n") * 2 + "\n"))
            )
        elif kind == 5:
            name, sign, value = _parted(lines[place])
            lines.insert(rng.randrange(len(lines) + 1), _numbers(name + sign + value, rng))
        else:
            lines[place] = rng.choice(
                (lines[place].upper(), lines[place].replace(" ", ""), lines[place].rstrip("\n") + " 1\n")
            )
    return "".join(lines).encode("utf-8", "surrogatepass") + data[end:]


def _parted(line: str) -> tuple[str, str, str]:
    found = re.match(r"([^:=]*)([:=]*)(.*)", line, re.S)
    assert found
    return found[1], found[2], found[3]


def _numbers(line: str, rng: Random) -> str:
    """One number of the line is another one."""
    found = list(re.finditer(r"-?\d+(\.\d+)?", line))
    if not found:
        return line
    one = rng.choice(found)
    return line[: one.start()] + rng.choice(NUMBERS) + line[one.end() :]


# --- JSON ---------------------------------------------------------------------------------------------------------


def json_values(data: bytes, rng: Random) -> bytes:
    """Change values of a JSON text: other types, extreme numbers, missing, unknown and repeated names."""
    tree: Any = json.loads(data)
    for _ in range(rng.choice((1, 1, 2))):
        tree = _changed(tree, rng)
    text = json.dumps(tree)
    if rng.random() < 0.1:
        text = _twice(text, rng)
    if rng.random() < 0.03:
        text = text[:-1] + ', "deep": ' + "[" * 5000 + "]" * 5000 + "}"
    return text.encode()


def sealed_values(data: bytes, rng: Random) -> bytes:
    """The same of a certificate, with a hash made anew, as anybody can make one."""
    from napari_boundaryseg.session.certificate.document import sealed, text_of

    changed = json.loads(json_values(data, rng))
    return text_of(sealed({name: value for name, value in changed.items() if name != "sha256"}))


def _changed(tree: Any, rng: Random) -> Any:
    """A copy of the tree with one node changed."""
    places = list(_places(tree))
    if not places:
        return rng.choice(VALUES)
    holder, key = rng.choice(places)
    kind = rng.randrange(8)
    if kind < 4:
        holder[key] = rng.choice(VALUES)
    elif kind == 4:
        del holder[key]
    elif kind == 5 and isinstance(holder, dict):
        holder[rng.choice(WORDS) or "unknown"] = holder[key]
    elif kind == 6 and isinstance(holder, list):
        holder.extend([holder[key]] * rng.choice((1, 3, 1000)))
    elif isinstance(holder[key], int | float):
        try:
            holder[key] = holder[key] * rng.choice((-1, 0, 1000, 1e9, 10**18))
        except OverflowError:
            holder[key] = 0
    else:
        holder[key] = rng.choice(places)[0]  # another part of the tree, as a loop would be: cut below
        holder[key] = json.loads(json.dumps(holder[key])) if not _loops(holder, holder[key]) else None
    return tree


def _loops(holder: Any, value: Any) -> bool:
    try:
        json.dumps(value)
    except (ValueError, RecursionError):
        return True
    return False


def _places(tree: Any) -> Any:
    if isinstance(tree, dict):
        for key in tree:
            yield tree, key
            yield from _places(tree[key])
    elif isinstance(tree, list):
        for key in range(len(tree)):
            yield tree, key
            yield from _places(tree[key])


def _twice(text: str, rng: Random) -> str:
    """Repeat one name of an object with another value."""
    found = list(re.finditer(r'"([^"\\]+)": ', text))
    if not found:
        return text
    one = rng.choice(found)
    return f"{text[: one.start()]}{one[0]}{json.dumps(rng.choice(VALUES[:18]))}, {text[one.start() :]}"


# --- tables and databases -----------------------------------------------------------------------------------------


def table_cells(data: bytes, rng: Random) -> bytes:
    """Change rows and cells of a CSV text."""
    rows = list(csv.reader(io.StringIO(data.decode())))
    place = rng.randrange(len(rows))
    cell = rng.randrange(len(rows[place]))
    kind = rng.randrange(6)
    if kind == 0:
        rows.append(list(rows[place]))
    elif kind == 1 and len(rows) > 1:
        del rows[place]
    elif kind == 2:
        rows[place].append(rng.choice(WORDS))
    elif kind == 3:
        del rows[place][cell]
    elif kind == 4:
        rows[place][cell] = rng.choice((*WORDS, *NUMBERS, '"', "';", "a,b"))
    else:
        rows[place][cell] = rng.choice(rng.choice(rows) or [""])
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=rng.choice((",", ",", ",", ";", "\t"))).writerows(rows)
    return rng.choice((b"", b"", b"", b"\xef\xbb\xbf", b"\xff\xfe")) + text.getvalue().encode("utf-8", "surrogatepass")


def database_values(path: Path, rng: Random) -> None:
    """Change values of a database by its own language: SQLite takes any type anywhere."""
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA journal_mode = DELETE")  # a log of its own would be left behind
        names = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        filled = [name for name in names if database.execute(f"SELECT COUNT(*) FROM {name}").fetchone()[0]]  # noqa: S608
        if not filled:  # all of it lies in the log beside it
            return
        table = rng.choice(filled)
        columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
        value = rng.choice((None, -1, 0, 1, 2**40, -(2**62), 1.5, float("inf"), b"\0\xff", b"", "x", *WORDS))
        try:
            with database:
                _statement(database, rng, table, rng.choice(columns), value)
        except sqlite3.Error:  # the table's own rules refuse it
            return


def _statement(database: sqlite3.Connection, rng: Random, table: str, column: str, value: Any) -> None:
    kind = rng.randrange(10)
    if kind < 7:
        one = f"WHERE rowid = (SELECT MIN(rowid) FROM {table})" if kind > 3 else ""  # noqa: S608
        database.execute(f"UPDATE {table} SET {column} = ? {one}", (value,))  # noqa: S608
    elif kind == 7:
        database.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
    elif kind == 8:
        database.execute(f"DROP TABLE {table}")
    else:
        database.execute(f"ALTER TABLE {table} RENAME COLUMN {column} TO other")
