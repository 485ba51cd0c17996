"""Static pages and their vendored assets."""
