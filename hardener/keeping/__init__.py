"""Where literal credentials go: which of them become secrets, which become variables, and the files that hold them."""

from hardener.keeping.files import ENV_FILE
from hardener.keeping.keeping import Keep, Keeping, Store, Use

__all__ = ["ENV_FILE", "Keep", "Keeping", "Store", "Use"]
