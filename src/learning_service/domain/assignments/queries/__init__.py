"""Reads of rules and runs, and whom an assignment would reach."""
