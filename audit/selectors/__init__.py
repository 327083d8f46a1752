"""Questions to the trail; nothing here writes."""
