"""HTTP without feeder: representations and conditional requests, limits by client, the request log.

Nothing here knows the store or the site.
"""
