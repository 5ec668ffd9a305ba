"""The written form of manifests and settings, and words for what does not fit it.

schema, settings_form   what may be written; values, guardrails: parts of it; invalid: how a part fails
complaints              what pydantic found wrong, as findings; vocabulary, hints: what to write instead
published               the form as JSON Schemas for editors
"""
