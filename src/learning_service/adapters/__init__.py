"""One module for each neighbour outside: object store, PDF, HTTP."""
