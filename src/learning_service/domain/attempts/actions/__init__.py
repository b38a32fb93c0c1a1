"""Writes of attempts. Closing one has consequences and lives in `completion`."""
