"""Review: where on a predicted border a person should look first. Scores, rules and the queue, on arrays alone.

The room is empty until the review queue comes. It lies beside `editing`, below `session`, without torch and Qt.
"""
