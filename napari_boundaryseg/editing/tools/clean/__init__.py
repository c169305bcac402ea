"""Clean-ups of a whole organ, one file each; each registers itself in `editing.tools.clean_tool`.

Three modules are no clean-ups, but what several of them share: `near` says what lies within a distance, `pieces` what
hangs together, `second_organ` where the other organ is.
"""
