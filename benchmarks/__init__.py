"""What the package's performance claims rest on: ``make bench``."""
