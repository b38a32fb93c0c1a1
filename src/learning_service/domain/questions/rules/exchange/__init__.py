"""Questions in the files of other systems: read with a word on each, and written. Pure."""
