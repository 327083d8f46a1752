"""Every address of the site with what it declares, read from the resolver."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from core.doors import Door, door_of

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True, slots=True)
class Route:
    """One address: its full name, its parameters, its room and the door behind each method."""

    name: str
    parameters: tuple[str, ...]
    room: str
    doors: dict[str, Door | None]

    def door(self, method: str) -> Door | None:
        """Return the door that takes `method`, or None when the address does not take it."""
        found = self.doors.get(method)
        return found if found is not None and method in found.methods else None


def every_route() -> list[Route]:
    """Return all routes of the site, ours and foreign ones."""
    return list(walk(get_resolver()))


def walk(
    resolver: URLResolver, space: str = "", parameters: tuple[str, ...] = ()
) -> Iterator[Route]:
    """Yield the routes below `resolver`, with the names and parameters of all above them."""
    for item in resolver.url_patterns:
        found = (*parameters, *item.pattern.regex.groupindex)
        if isinstance(item, URLResolver):
            name = f"{space}{item.namespace}:" if item.namespace else space
            yield from walk(item, name, found)
        else:
            yield Route(f"{space}{item.name}", found, room_of(item.callback), doors_of(item))


def _class_of(view: Any) -> Any:
    return getattr(view, "cls", None) or getattr(view, "view_class", None)


def room_of(view: Any) -> str:
    """Return the package whose code answers, whatever the address is called."""
    return str((_class_of(view) or view).__module__).split(".", maxsplit=1)[0]


def doors_of(item: URLPattern) -> dict[str, Door | None]:
    """Return what stands behind each method that the address takes."""
    view: Any = item.callback
    view_class = _class_of(view)
    if view_class is None:
        door = door_of(view)
        return dict.fromkeys(door.methods if door else METHODS, door)
    handlers = {method: getattr(view_class, method.lower(), None) for method in METHODS}
    return {method: door_of(run) for method, run in handlers.items() if run is not None}
