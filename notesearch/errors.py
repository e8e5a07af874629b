"""Every error that is ours. A face catches `NotesearchError` and shows its message; anything else is a bug and is let
through.

NotesearchError
├── UsageError            the words of the caller are wrong                     (exit status 2)
└── UnusableError         index or vault cannot be used as things stand         (exit status 3)
    ├── VaultError        a vault is missing, unreadable, or suspiciously empty
    ├── IndexUnusable     the index cannot be opened, read, or written
    │   ├── IndexMissing  there is no index yet
    │   └── IndexDamaged  what is in it cannot be what was written
    ├── IndexBusy         another process is writing
    ├── ModelError        a model cannot be loaded, or is not the one that made the index
    ├── LanguageModelError  a language model cannot be asked, or does not answer as it should
    └── NothingOpens      no program was found that opens a note

A message says what was tried, what was seen, and the way out; it claims no cause that it cannot prove.
"""


class NotesearchError(Exception):
    """Base of all errors that notesearch raises on purpose."""

    exit_status = 3


class UsageError(NotesearchError):
    """The caller asked for something that cannot be meant."""

    exit_status = 2


class UnusableError(NotesearchError):
    """Something notesearch stands on cannot be used as it is."""


class VaultError(UnusableError):
    """A vault is missing, is no folder, cannot be listed, or has lost most of its notes at once."""


class IndexUnusable(UnusableError):
    """The index cannot be opened, read, or written."""


class IndexMissing(IndexUnusable):
    """There is no index where one was looked for."""


class IndexDamaged(IndexUnusable):
    """The index holds what notesearch cannot have written: bytes were lost or changed."""


class IndexBusy(UnusableError):
    """Another process holds the writer's lock."""


class NothingOpens(UnusableError):
    """No program could be found, or made, to open a note."""


class ModelError(UnusableError):
    """A model cannot be loaded, or its vectors are not the index's."""


class LanguageModelError(UnusableError):
    """A language model cannot be asked, or does not answer as it should."""
