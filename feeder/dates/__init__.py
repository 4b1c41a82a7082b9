"""The words of dates: names of months, weekdays and time zones. Pure; knows no source and no format of dates."""
