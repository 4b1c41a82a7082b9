"""What the program is called where it is installed, and its version.

On the package index `feeder` is somebody else's: the distribution has a name of its own, the packages are `feeder`
and `bot`.
"""

from importlib.metadata import version

DISTRIBUTION = "feeder-republisher"


def own_version() -> str:
    """Return the version that is installed, such as "0.1.0"."""
    return version(DISTRIBUTION)
