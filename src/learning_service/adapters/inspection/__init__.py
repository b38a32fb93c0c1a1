"""Looks inside files from outside, each in a process of its own: see `inspections`.

Its modules know nothing of the service, so that such a process starts quickly and has nothing to give away.
"""
