"""What learners see of modules, progress and attempts."""
