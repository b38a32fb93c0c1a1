"""Questions: their types, what each is graded by, and what a learner gives in return."""
