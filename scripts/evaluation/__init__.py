"""Measures search and answers on folders of notes with judged questions.

A set travels one way: `data` reads it, `unlinked` hides the links that its questions were made from, `product` and
`baselines` rank passages for every question, `judge` scores the rankings with the same code for every system
(`evidence`, `budget`, `measures`, `confidence`), `results` keeps the values question by question, `significance` and
`report` compare them.
"""
