#!/usr/bin/env python3
"""scikit-learn's figures of probabilities.

Reads a JSON list of {"labels", "probabilities"} from a file and prints a list of {"loss", "top_k":
[of 1, 2, …], "weighted": [precision, recall, f1], "curves": [{"average_precision", "precision",
"recall", "thresholds"} of each class, null without samples]}. Exits with 77 where it is not
installed."""

import json
import sys

try:
    import numpy
    from sklearn import metrics
except ImportError as error:
    print(error, file=sys.stderr)
    sys.exit(77)


def curve(labels, probabilities, number):
    truth = labels == number
    if not truth.any():
        return None
    precision, recall, thresholds = metrics.precision_recall_curve(truth, probabilities[:, number])
    return {"average_precision": metrics.average_precision_score(truth, probabilities[:, number]),
            "precision": precision.tolist(), "recall": recall.tolist(),
            "thresholds": thresholds.tolist()}


def figures(case):
    labels = numpy.array(case["labels"])
    probabilities = numpy.array(case["probabilities"], dtype=numpy.float32)
    classes = list(range(probabilities.shape[1]))
    answers = probabilities.argmax(axis=1)
    rows = numpy.arange(len(labels))
    # Some versions take a class number for the second of two classes' scores.
    ranks = (probabilities > probabilities[rows, labels][:, None]).sum(axis=1)
    top_k = [float((ranks < k).mean()) for k in range(1, len(classes) + 1)]
    for k in range(2, len(classes)):
        theirs = metrics.top_k_accuracy_score(labels, probabilities, k=k, labels=classes)
        assert abs(theirs - top_k[k - 1]) < 1e-12, (theirs, top_k)
    return {"loss": metrics.log_loss(labels, probabilities.astype(float), labels=classes),
            "top_k": top_k,
            "weighted": metrics.precision_recall_fscore_support(
                labels, answers, average="weighted", zero_division=0)[:3],
            "curves": [curve(labels, probabilities, number) for number in classes]}


with open(sys.argv[1]) as file:
    cases = json.load(file)
json.dump([figures(case) for case in cases], sys.stdout)
