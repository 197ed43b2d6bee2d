"""Co-simulation of the real RTL with the golden model, energy, and the command line."""
