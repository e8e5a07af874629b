"""Ranked passages → an answer that can be checked."""
