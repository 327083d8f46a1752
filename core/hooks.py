"""The two places where the roof hands something down to the floor (decisions 1)."""


class Hook[T]:
    """A function that the roof fills once; asking it before that is a programming error."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._value: T | None = None

    def fill(self, value: T) -> None:
        """From now on the hook answers with `value`."""
        self._value = value

    def __call__(self) -> T:
        """Return what the roof filled in. Raises RuntimeError when nobody did."""
        if self._value is None:
            raise RuntimeError(f"The hook {self.name} was not filled by hms.apps.")
        return self._value
