"""The monthly report: its sections (SQL files), its content, and the forms it is published in."""
