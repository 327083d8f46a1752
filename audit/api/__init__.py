"""API doors of the trail."""
