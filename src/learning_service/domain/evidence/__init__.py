"""What members send to show that they met a requirement elsewhere, and what administrators decide of it."""
