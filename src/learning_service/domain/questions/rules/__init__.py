"""One question type is one file; `types` lists them. Pure."""
