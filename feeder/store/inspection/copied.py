"""The folder of pictures against the entries: files that none shows, missing ones, and those with other bytes."""

from collections.abc import Iterator

from sqlalchemy import select

from feeder.pictures.folder import PictureFolder
from feeder.pictures.references import is_named_by_content
from feeder.store.database import Database
from feeder.store.inspection import Finding
from feeder.store.records.documents import mark_places
from feeder.store.records.entries import in_chunks
from feeder.store.records.pictures import used_pictures
from feeder.store.remote.pictures import ask_again
from feeder.store.tables import documents, origins, pictures, renditions


def check_pictures(database: Database, folder: PictureFolder) -> Iterator[Finding]:
    """Yield what is wrong with the pictures. Copies that a pass will fetch or read again are not lost."""
    present = folder.names()
    with database.read() as connection:
        used = used_pictures(connection)
    unused = present - used
    if unused:
        said = f"files that no entry shows: {len(unused)}; --repair removes them, as the next pass would"
        yield Finding("pictures", said, lambda: _remove(folder, used, len(unused)))
    broken: set[str] = set()
    unreadable: dict[str, str] = {}
    for name in sorted(present & used):
        try:
            if not is_named_by_content(name, (folder.root / name).read_bytes()):
                broken.add(name)
        except OSError as error:
            unreadable[name] = error.strerror or str(error)
    if unreadable:
        name, reason = next(iter(unreadable.items()))
        yield Finding("pictures", f"files that cannot be read: {len(unreadable)} ({name}: {reason})")
    if broken:
        said = f"damaged files: {len(broken)} ({min(broken)}); --repair removes them, to be read again"
        yield Finding("pictures", said, lambda: _discard(database, folder, broken))
    lost = _lost(database, used - present)
    if lost:
        said = f"missing files: {len(lost)} ({min(lost)}); --repair has the next pass read or fetch them again"
        yield Finding("pictures", said, lambda: _read_again(database, folder, lost))


def _remove(folder: PictureFolder, used: set[str], count: int) -> str:
    folder.remove_others(used)
    return f"files removed: {count}"


def _discard(database: Database, folder: PictureFolder, broken: set[str]) -> str:
    for name in broken:
        (folder.root / name).unlink(missing_ok=True)
    return f"damaged files removed: {len(broken)}; {_read_again(database, folder, broken)}"


def _places(database: Database, names: set[str]) -> dict[tuple[str, str], set[str]]:
    """Return where the entries with these pictures were seen, and which pictures those are."""
    found: dict[tuple[str, str], set[str]] = {}
    with database.read() as connection:
        for some in in_chunks(sorted(names)):
            joined = select(pictures.c.name, origins.c.source, origins.c.address).join(
                origins, origins.c.number == pictures.c.number
            )
            for name, *place in connection.execute(joined.where(pictures.c.name.in_(some))):
                source, address = place
                found.setdefault((source, address), set()).add(name)
    return found


def _lost(database: Database, missing: set[str]) -> set[str]:
    """Return the missing pictures that nothing is going to read again."""
    if not missing:
        return set()
    with database.read() as connection:
        marked = connection.execute(
            select(documents.c.source, documents.c.path).where(documents.c.again.is_(True))
        ).all()
    awaited: set[str] = set()
    for (source, address), names in _places(database, missing).items():
        file = address.partition("#")[0]
        if any(source == one and file.endswith(f"/{path.partition('#')[0]}") for one, path in marked):
            awaited |= names
    return missing - awaited


def _read_again(database: Database, folder: PictureFolder, names: set[str]) -> str:
    places = _places(database, names)
    with database.write() as connection:
        mark_places(connection, places)
        fetched = set(connection.scalars(select(renditions.c.name))) & names
        if fetched:
            ask_again(connection, folder.names())
    return f"to be read or fetched again by the next pass: {len(names)}"
