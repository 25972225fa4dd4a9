"""Hearth's Python runtime. Modules that only some functions need (errors, logs, context parsing) are imported when they are."""
