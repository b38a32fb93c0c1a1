"""Webhooks: which receivers want which events, and what became of each delivery."""
