"""Documents: files that authors upload, checked or converted before they are shown."""
