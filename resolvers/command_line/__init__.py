"""What the commands of `main.py` share."""
