"""The page that plays: machines, pinned runs and claims, and the view of them, in one file."""
