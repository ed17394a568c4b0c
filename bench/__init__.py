"""Speed, as ratios to what the same machine does bare in the same run. `make bench`, or `make bench ONLY=name`."""
