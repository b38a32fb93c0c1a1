"""The development copy: PostgreSQL, Redis and an S3 server of our own, and the supervisor that keeps them
running.

Production never imports this package. Its parts come from wheels, from the system, or are given by address.
"""
