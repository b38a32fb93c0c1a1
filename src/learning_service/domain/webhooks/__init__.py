"""Webhooks: who wants to hear of which events, and what became of each delivery."""
