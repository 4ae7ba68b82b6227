"""Secrets never leave the files they stand in."""
