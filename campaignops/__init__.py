"""Campaigns as code for the Yeastar P-Series PBX: plan, review and apply message campaigns."""

__version__ = "0.1.0"
