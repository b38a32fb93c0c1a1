"""Commands that a development copy adds to `learning-service`: one module each, named by the command."""
