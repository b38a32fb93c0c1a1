"""Courses: what authors write, how it is versioned, and what makes it fit to be published."""
