"""The main job played through the public HTTP API, as people would: for `crosswalk demo` and the journeys."""
