"""The compiled executor; see README.md."""
