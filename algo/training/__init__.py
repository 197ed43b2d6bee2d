"""Training of a recipe, from random weights to a network file."""
