"""API doors of people and places."""
