"""Every score by name; the arithmetic and the equations stand in the modules imported here.

Order: `roc_auc`, `pr_auc` and their curves; `Ranking` shares one sort between them. Decisions: `accuracy`, `f1`,
`macro_f1`, `balanced_accuracy`, `best_threshold`, `errors_at_thresholds`. Probabilities: `brier`, `brier_skill`,
`log_loss`, `reliability`, `expected_calibration_error`. Information in nats: `poisson_gain` and `bernoulli_gain`, after
`recalibrate`. Intervals of all of them: `ratio_interval`, `confusion_interval`, `auc_interval`.
"""

from .area_intervals import auc_interval
from .classification import (
    accuracy,
    balanced_accuracy,
    best_threshold,
    confusion,
    errors_at_thresholds,
    f1,
    macro_f1,
)
from .information import (
    bernoulli_gain,
    bernoulli_gain_by_day,
    bernoulli_log_likelihood,
    poisson_gain,
    poisson_gain_by_day,
    poisson_log_likelihood,
    rescaled_probability,
)
from .intervals import confusion_interval, ratio_interval, time_blocks
from .probabilities import brier, brier_by_day, brier_skill, expected_calibration_error, log_loss, reliability
from .ranking import Ranking, pr_auc, pr_curve, roc_auc, roc_curve
from .recalibration import Recalibration, recalibrate

__all__ = [
    "Ranking",
    "Recalibration",
    "accuracy",
    "auc_interval",
    "balanced_accuracy",
    "bernoulli_gain",
    "bernoulli_gain_by_day",
    "bernoulli_log_likelihood",
    "best_threshold",
    "brier",
    "brier_by_day",
    "brier_skill",
    "confusion",
    "confusion_interval",
    "errors_at_thresholds",
    "expected_calibration_error",
    "f1",
    "log_loss",
    "macro_f1",
    "poisson_gain",
    "poisson_gain_by_day",
    "poisson_log_likelihood",
    "pr_auc",
    "pr_curve",
    "ratio_interval",
    "recalibrate",
    "reliability",
    "rescaled_probability",
    "roc_auc",
    "roc_curve",
    "time_blocks",
]
