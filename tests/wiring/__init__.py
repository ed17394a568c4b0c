"""How the parts hang together."""
