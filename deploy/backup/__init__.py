"""Backup and restore of a whole system: databases that fit together, keys, files (docs/decisions/backup.md)."""
