"""Dates in names, properties, text and questions, read as intervals (rules D1 to D7).

spans      an interval of days from the parts of a date; an impossible date is None, never an exception
names      months, seasons, weekdays and numbers as words
order      which number is the day: D4
pieces     what the expressions are made of: D6
forms      dates with their year: D3
yearless   dates without: D5, and the year they mean
relative   dates that lean on today
daily      the vault's own format for daily notes
note       which of a note's dates is the note's own: D2
question   the dates a question speaks of: D7

No date library stands behind this: they read far more as dates than D6 allows.
"""

from notesearch.dates.forms import find_dates
from notesearch.dates.note import date_of_property, note_date
from notesearch.dates.order import MONTH_FIRST, DateOrder
from notesearch.dates.question import dates_in_question

__all__ = ["MONTH_FIRST", "DateOrder", "date_of_property", "dates_in_question", "find_dates", "note_date"]
