"""The callback that does nothing."""


def noop(*_args: object) -> None:
    """Do nothing."""
