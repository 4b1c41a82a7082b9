"""The pictures that the site publishes itself: references to them, their sizes, and the folder that holds them."""
