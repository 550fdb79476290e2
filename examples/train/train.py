"""Fits a model and says how good it is."""

from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

table, kinds = load_iris(return_X_y=True)
model = LogisticRegression(max_iter=500).fit(table, kinds)
print(f"{model.score(table, kinds):.0%} of {len(kinds)} irises known")
