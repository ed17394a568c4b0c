"""Facts about Crosswalk, checked."""
