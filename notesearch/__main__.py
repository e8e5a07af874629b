"""`python -m notesearch` is the command `notesearch`."""

from notesearch.cli import main

main()
