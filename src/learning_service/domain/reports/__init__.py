"""Reports: read-only SQL across packages."""
