"""Programs that measure speed, memory and accuracy, and print the figures next to their targets."""
