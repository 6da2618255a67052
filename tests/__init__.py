"""The promises, as programs. The folders mirror the package."""
