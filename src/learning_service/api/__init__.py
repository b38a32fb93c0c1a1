"""What surrounds the routers of the API process."""
