"""The pure rules of grading: one module per question type, and the sums."""
