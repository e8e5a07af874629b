"""Fits the curves of `notesearch.calibration` to judged questions: `samples` asks, `fit` fits, `__main__` tells."""
