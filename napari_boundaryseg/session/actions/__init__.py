"""What a person can do: each action makes a job and stores its result in the session."""
