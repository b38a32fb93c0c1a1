"""The calls by subject; `LearningClient` has them all."""
