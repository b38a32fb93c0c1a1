"""Wire types only: what goes in and comes out, field by field. What is sent has no defaults."""
