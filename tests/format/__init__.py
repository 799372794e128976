"""Packed models: round trips, frozen bytes, and everything that is refused."""
