"""Fixtures and builders."""
