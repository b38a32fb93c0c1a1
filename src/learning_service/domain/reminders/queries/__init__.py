"""Reads of what mails are made of."""
