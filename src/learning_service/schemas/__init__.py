"""Wire types only: what goes in and comes out, field by field. Answers have no defaults."""
