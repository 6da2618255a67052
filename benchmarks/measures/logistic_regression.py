"""TF-IDF and logistic regression, cross-validated: what many people would train first.

Features are words of two characters or more and pairs of them, weighted as by scikit-learn's
`TfidfVectorizer(ngram_range=(1, 2))`. The model is that of its `LogisticRegression()`: L2, C = 1, the constant free; here
for two labels. Its loss has one minimum, so how it is found does not matter: Newton's steps over the matrix of dot products.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

import numpy as np

FOLDS: Final = 5
_WORD: Final = re.compile(r"\b\w\w+\b")


def accuracy(texts: Sequence[str], labels: Sequence[str], seed: int) -> float:
    """The accuracy in five-fold cross-validation, with the labels in equal shares in each fold."""
    targets = np.array([label == max(labels) for label in labels])
    folds = np.empty(len(labels), dtype=int)
    chance = np.random.default_rng(seed)
    for label in (True, False):
        own = chance.permutation(np.flatnonzero(targets == label))
        folds[own] = np.arange(len(own)) % FOLDS
    right = 0
    for fold in range(FOLDS):
        training, tested = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        learned, asked = _tf_idf([texts[at] for at in training.tolist()], [texts[at] for at in tested.tolist()])
        weights, constant = _fitted(learned @ learned.T, targets[training].astype(float))
        right += int(((asked @ learned.T @ weights + constant > 0) == targets[tested]).sum())
    return right / len(labels)


def _tf_idf(training: Sequence[str], tested: Sequence[str]) -> tuple[Any, Any]:
    counts = [[_features(text) for text in texts] for texts in (training, tested)]
    holders = Counter(feature for own in counts[0] for feature in own)
    column = {feature: at for at, feature in enumerate(sorted(holders))}
    rarity = np.array([np.log((1 + len(training)) / (1 + holders[feature])) + 1 for feature in sorted(holders)])
    matrices = []
    for of_texts in counts:
        matrix = np.zeros((len(of_texts), len(column)))
        for row, own in enumerate(of_texts):
            for feature, count in own.items():
                if feature in column:
                    matrix[row, column[feature]] = count
        matrix *= rarity
        lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
        matrices.append(matrix / np.where(lengths == 0, 1, lengths))
    return matrices[0], matrices[1]


def _features(text: str) -> Counter[str]:
    words = _WORD.findall(text.lower())
    return Counter([*words, *map(" ".join, pairwise(words))])


def _fitted(products: Any, targets: Any) -> tuple[Any, float]:
    """By training text its weight, and the constant: minimises sum of log loss + |w|^2 / 2 with w = sum of weight x text."""
    size = len(targets)
    weights, constant = np.zeros(size), 0.0
    for _ in range(50):
        p = 1 / (1 + np.exp(-(products @ weights + constant)))
        curve = p * (1 - p)
        # Where the gradient is zero, the weight of each text is its residual, and residuals add up to zero.
        jacobian = np.zeros((size + 1, size + 1))
        jacobian[:size, :size] = np.eye(size) + curve[:, None] * products
        jacobian[:size, size] = curve
        jacobian[size, :size] = 1.0
        step = np.linalg.solve(jacobian, np.append(targets - p - weights, -weights.sum()))
        weights, constant = weights + step[:size], constant + step[size]
        if np.abs(step).max() < 1e-9:
            break
    return weights, constant
