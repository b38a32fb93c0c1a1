"""Documents: files that authors upload, checked or converted before anybody sees them."""
