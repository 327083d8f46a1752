"""Doors of the trail for people."""
