"""What stands above the text of an article: front matter, navigation, bylines, labels, links, the head of a page."""
