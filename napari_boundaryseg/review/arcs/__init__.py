"""Review queue of arcs: pieces of the border of organs, worst first, and random ones that say what is left."""
