"""Many machines on one PostgreSQL: the tasks of `tasks.py` are handed out by Procrastinate.

Loaded only where `store.url` names PostgreSQL; needs the extra `cluster`.
"""
