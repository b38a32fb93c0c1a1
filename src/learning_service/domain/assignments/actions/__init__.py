"""Writes of assignment: by hand, rules, runs, membership changes, recertification."""
