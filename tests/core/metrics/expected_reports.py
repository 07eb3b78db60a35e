#!/usr/bin/env python3
"""The standard definitions of classification metrics, from sets instead of a confusion matrix.

Reads a JSON list of {"labels", "predictions"} from a file and prints a list of {"accuracy",
"precision", "recall", "f1", "classes": {number: [precision, recall, f1, support]}}. Where
scikit-learn is installed, it must say the same."""

import json
import sys

try:
    from sklearn.metrics import accuracy_score, precision_recall_fscore_support
except ImportError:
    precision_recall_fscore_support = None


def scores_of(number, labels, predictions):
    is_class = {i for i, label in enumerate(labels) if label == number}
    called = {i for i, prediction in enumerate(predictions) if prediction == number}
    hits = len(is_class & called)
    precision = hits / len(called) if called else 0.0
    recall = hits / len(is_class) if is_class else 0.0
    # The same as 2PR/(P+R), by counts.
    f1 = 2 * hits / (len(is_class) + len(called)) if hits else 0.0
    return [precision, recall, f1, len(is_class)]


def report(labels, predictions):
    classes = {n: scores_of(n, labels, predictions) for n in sorted({*labels, *predictions})}
    means = [sum(s[i] for s in classes.values()) / len(classes) for i in range(3)]
    accuracy = sum(a == b for a, b in zip(labels, predictions)) / len(labels)
    if precision_recall_fscore_support:
        theirs = precision_recall_fscore_support(
            labels, predictions, average="macro", zero_division=0)[:3]
        assert all(abs(a - b) < 1e-12 for a, b in zip(means, theirs)), (means, theirs)
        assert abs(accuracy - accuracy_score(labels, predictions)) < 1e-12
        each = zip(*precision_recall_fscore_support(labels, predictions, zero_division=0))
        for ours, other in zip(classes.values(), each):
            assert all(abs(a - b) < 1e-12 for a, b in zip(ours, other)), (ours, other)
    return dict(zip(["precision", "recall", "f1"], means), accuracy=accuracy, classes=classes)


with open(sys.argv[1]) as file:
    cases = json.load(file)
json.dump([report(case["labels"], case["predictions"]) for case in cases], sys.stdout)
if precision_recall_fscore_support:
    print("scikit-learn says the same", file=sys.stderr)
