"""A machine of the simulated day: the command `feeder`, whose workers count as dead sooner than usual.

A day of some minutes has no 30 s to wait for each. Small, because the processes that it starts import it too.
"""

from feeder.__main__ import main
from feeder.cluster.engine import Timing
from feeder.cluster.worker import work

work.__kwdefaults__ = {"timing": Timing(heartbeat_s=0.5, stalled_s=2.0, rescue_s=0.5)}

if __name__ == "__main__":
    main()
