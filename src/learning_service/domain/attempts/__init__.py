"""Attempts: started, saved and closed by the server."""
