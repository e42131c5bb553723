"""Lays the package out for where it is deployed, and lists what it is deployed with. Standard library only."""
