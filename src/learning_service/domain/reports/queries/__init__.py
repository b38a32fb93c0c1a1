"""Reads across packages for reports."""
