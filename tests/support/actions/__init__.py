"""A runner of GitHub's workflows and composite actions, as it is documented and as its source has it."""
