"""The console script `harden`, and `python -m hardener`."""

from __future__ import annotations

import gc
import os
import sys


def main() -> None:
    """Runs the command line and ends the process with its exit status."""
    # A short run makes little garbage, and looking for it takes a tenth of the time, some of it while typer is
    # imported. Long runs switch it on again.
    gc.disable()
    # pydantic would look through all installed packages for plugins of its own: 12 ms, for what no model here uses.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    from hardener.cli import run

    status = run(sys.argv[1:])
    # Nor is it worth looking at the end, when the process gives everything back at once.
    gc.freeze()
    sys.exit(status)


if __name__ == "__main__":
    main()
