"""`foreshock audit`: the leak controls of a model of the zoo or of a recipe."""
