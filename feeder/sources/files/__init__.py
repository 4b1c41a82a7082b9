"""Articles in files -> drafts: the files of a folder, their heads, and exports with many articles in one file."""
