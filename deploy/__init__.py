"""Crosswalk on one machine: the runner, the command line, the gateway, the mailbox and the demo district."""
