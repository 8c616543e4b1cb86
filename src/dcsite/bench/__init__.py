"""The race table: whole runs, row families, a peer, published instances and growth, measured.

Every figure comes from a fresh child process, so that memory and caches are its own. A part is a
list of tasks, a task gives one row; what was measured is kept when a later task fails.
"""
