"""The worker and converter processes: arq's settings, and the jobs."""
