"""Tests on a real container engine: `pytest -m live`."""
