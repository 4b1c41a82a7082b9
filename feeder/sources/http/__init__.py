"""Documents over HTTP: which addresses may be asked, how much and how long an answer may be, many at once."""
