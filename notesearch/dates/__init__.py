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

Nothing is imported here: most questions speak of no time, and need only `names` to see that.
"""
