"""Claiming mails, and following each until it has left."""
