"""The tools behind the Makefile: start the demo, run the checks, keep the locks."""
