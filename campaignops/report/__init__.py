"""Findings, plans, outcomes and status as text and JSON: values in, text out. `cli` prints; nothing here asks."""
