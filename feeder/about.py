"""The name and version of the installed distribution.

`feeder` is another project's name on the package index; ours is a distribution of another name with the packages
`feeder` and `bot`.
"""

from importlib.metadata import version

DISTRIBUTION = "feeder-republisher"


def own_version() -> str:
    """Return the installed version, such as "0.1.0"."""
    return version(DISTRIBUTION)
