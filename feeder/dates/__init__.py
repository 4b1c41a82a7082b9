"""Dates in words and numbers: names of months, weekdays and zones in many languages. Pure; knows no source."""
