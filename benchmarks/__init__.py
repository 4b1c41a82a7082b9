"""Programs that print figures: what is fast enough, beside its target, measured in one run."""
