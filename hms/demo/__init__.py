"""The demo hospital: invented people and places, loaded through the services."""
