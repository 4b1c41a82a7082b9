"""Draft -> Entry. Everything here is pure: no file, socket, clock or setting that is not an argument."""
