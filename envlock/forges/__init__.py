"""Where continuous integration runs: what happened there, and how it is told what came of it."""
