"""The one controller of a viewer, and what it delegates: panels ask, it acts."""
