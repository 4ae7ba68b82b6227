"""The real Docker engine and compose, where there are any; nothing else in the package needs them."""
