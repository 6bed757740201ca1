"""Drivers that come with coffre. Nothing imports this room: each is found by its entry point."""
