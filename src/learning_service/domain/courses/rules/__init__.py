"""The pure rules of courses: the tree, its keys, its text, and what stops it from being published."""
