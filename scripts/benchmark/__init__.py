"""Measures notesearch on a folder of notes: time, memory, size.

Every figure is the median of several runs, and every ratio comes from runs that took turns, since a shared machine is
not the same a minute later. `processes` measures whole processes, `encoding` and `warm` what happens inside one.
"""
