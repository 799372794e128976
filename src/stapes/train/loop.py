"""The training loop.

A run lives in one folder: ``checkpoint.safetensors`` (to go on), ``best.safetensors`` (the averaged weights of the best
development score, what is packed), ``history.jsonl`` and ``curves.png``.
"""

import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from stapes import config
from stapes.corpus import Subwords, Utterance
from stapes.errors import TrainingError
from stapes.model import Transducer
from stapes.model.transducer import label_contexts
from stapes.train import checkpoint
from stapes.train.checkpoint import Checkpoint
from stapes.train.data import AudioBank, Batch, BatchMaker, FeatureMaker, Share, Steps, plan_epoch
from stapes.train.evaluate import development_score
from stapes.train.growth import widened
from stapes.train.history import History
from stapes.train.processes import Processes
from stapes.train.recipe import Recipe
from stapes.train.rnnt import likely_windows, transducer_loss

# Utterances whose features give the mean and scale that the network normalises with.
_STATISTICS_UTTERANCES = 1000
# Matrices with a row or column for each label.
_LABEL_MATRICES = ("embedding.", "output.", "ctc.")


@dataclass(frozen=True)
class RunData:
    """What a run learns from and is judged on.

    Args:
        train: utterances to learn from.
        development: named sets to judge on; the mean of their word error rates decides which weights are best.
        noises: recordings in which nobody speaks.
    """

    train: Sequence[Utterance]
    development: Mapping[str, Sequence[Utterance]]
    noises: Sequence[Utterance] = ()


class Run:
    """One run in a folder; made anew, or from the checkpoint that lies there.

    Args:
        recipe: what to make.
        data: from what.
        folder: of the run, which exists.
        processes: among which the work is shared.
        history: where progress is told.
        workers: further processes that make batches.
        start_from: a checkpoint whose weights and subwords a new run begins with, instead of random ones; that of a
            narrower network is widened.

    Raises:
        TrainingError: a checkpoint cannot be read or is of a network of other sizes; ``start_from`` may be narrower.
    """

    def __init__(
        self,
        recipe: Recipe,
        data: RunData,
        folder: Path,
        processes: Processes,
        history: History,
        workers: int = 0,
        start_from: Path | None = None,
    ) -> None:
        self.recipe, self.data, self.folder = recipe, data, folder
        self.processes, self.history, self.workers = processes, history, workers
        self.step = 0
        self.best = float("inf")
        own = folder / "checkpoint.safetensors"
        saved = checkpoint.load(own) if own.exists() else None
        origin = saved or (checkpoint.load(start_from) if start_from else None)
        self.subwords = _subwords(origin, data, recipe)
        features = self._features(data.train)
        noises = self._bank(data.noises) if data.noises else ()
        self.development = {name: self._features(utterances) for name, utterances in data.development.items()}
        if origin and not saved:
            origin = replace(origin, weights=widened(origin.weights, recipe.network.hidden, recipe.seed))
        self.network = self._network(origin, own if saved else start_from, features)
        labels = [self.subwords.encode(utterance.text) for utterance in data.train]
        self.maker = BatchMaker(recipe, features, labels, self.network.feature_mean.numpy().copy(), noises)
        self.network.to(processes.device).train()
        self.optimisers = _optimisers(self.network, recipe)
        self.average = {name: tensor.clone() for name, tensor in self.network.state_dict().items()}
        if saved:
            self._restore(saved)
        history.begin(self.step)

    def train(self, stop: Callable[[], bool] = lambda: False) -> None:
        """Go on to the last step of the recipe, or until ``stop`` says so between two steps.

        Raises:
            TrainingError: the loss is no longer finite.
        """
        last_save = time.monotonic()
        for batch in self._batches():
            self._update(batch)
            finished = self.step == self.recipe.optimiser.steps
            if finished or self.step % self.recipe.evaluate_steps == 0:
                self._evaluate()
            if finished or stop() or time.monotonic() - last_save > 60 * self.recipe.checkpoint_minutes:
                self.save()
                last_save = time.monotonic()
            if stop():
                return

    def save(self) -> None:
        """Write the checkpoint from which this run can go on."""
        if self.processes.rank == 0:
            names = {parameter: name for name, parameter in self.network.named_parameters()}
            state = checkpoint.optimiser_states(self.optimisers, names)
            checkpoint.save(
                self.folder / "checkpoint.safetensors",
                Checkpoint(self.step, self.network.state_dict(), self.average, state, self._facts()),
            )

    def _batches(self) -> Iterator[Batch]:
        """The batches of all steps that are left."""
        first, epoch = 0, 0
        share = Share(self.processes.rank, self.processes.count)
        while self.step < self.recipe.optimiser.steps:
            plan = plan_epoch(self.data.train, self.recipe.data, self.recipe.seed, epoch, share.processes)
            begin, end = max(0, self.step - first), min(len(plan), self.recipe.optimiser.steps - first)
            # A loader starts its workers even for no batch, once for every epoch that is over.
            if begin < end:
                clean = self.recipe.data.clean_steps - first - begin
                yield from torch.utils.data.DataLoader(
                    Steps(self.maker, epoch, plan[begin:end], clean, share),
                    batch_size=None,
                    num_workers=self.workers,
                    prefetch_factor=4 if self.workers else None,
                    worker_init_fn=_leave_signals_to_the_run,
                )
            first += len(plan)
            epoch += 1

    def _update(self, batch: Batch) -> None:
        started = time.monotonic()
        settings = self.recipe.optimiser
        learning_rate = settings.learning_rate_at(self.step)
        for optimiser in self.optimisers:
            for group in optimiser.param_groups:
                group["lr"] = learning_rate
            optimiser.zero_grad(set_to_none=False)
        sums = self._loss(batch.to(self.processes.device))
        torch.autograd.backward(sums.total / batch.total_labels)
        gradients = [p.grad for p in self.network.parameters() if p.grad is not None]
        report = torch.stack([sums.transducer, sums.ctc, torch.tensor(batch.speech_seconds).to(sums.ctc)])
        self.processes.sum([*gradients, report])
        norm = torch.nn.utils.clip_grad_norm_(self.network.parameters(), settings.clip_norm)
        if not torch.isfinite(norm):
            raise TrainingError(
                f"step {self.step}: the gradient is no longer finite (loss {float(report[0]) / batch.total_labels:g}); "
                "lower optimiser.learning_rate and go on from the last checkpoint"
            )
        for optimiser in self.optimisers:
            optimiser.step()
        self.step += 1
        self._follow()
        transducer, ctc, speech_seconds = report.tolist()
        self.history.step(
            self.step,
            loss=transducer / batch.total_labels,
            ctc=ctc / batch.total_labels,
            learning_rate=learning_rate,
            gradient_norm=float(norm),
            speech_seconds=speech_seconds,
            seconds=time.monotonic() - started,
        )

    def _loss(self, batch: Batch) -> "_Sums":
        low = self.recipe.precision == "bfloat16"
        network = self.network
        with torch.autocast(self.processes.device.type, torch.bfloat16, enabled=low):
            encoder, ctc_logits = network.encode(batch.features, batch.dropout_masks)
            log_probs = ctc_logits.float().log_softmax(-1)
            predictor = network.predict(label_contexts(batch.labels))
            losses = transducer_loss(
                encoder,
                predictor,
                network.output.weight,
                network.output.bias,
                batch.labels,
                batch.frames,
                batch.label_counts,
                self._windows(log_probs, batch),
            )
        ctc = torch.nn.functional.ctc_loss(
            log_probs,
            batch.labels,
            batch.frames,
            batch.label_counts,
            reduction="sum",
            zero_infinity=True,
        )
        transducer = losses.sum()
        total = transducer + self.recipe.loss.ctc_weight * ctc
        return _Sums(total, transducer.detach(), ctc.detach())

    def _windows(self, log_probs: Tensor, batch: Batch) -> Tensor | None:
        """Where the joint is computed; everywhere until the CTC head, with ``log_probs`` [T, B, V], knows."""
        settings = self.recipe.loss
        if not settings.window or self.step < settings.window_from_step:
            return None
        by_utterance = log_probs.detach().transpose(0, 1)
        return likely_windows(by_utterance, batch.labels, batch.frames, batch.label_counts, settings.window)

    @torch.no_grad()
    def _follow(self) -> None:
        """Move the average towards the weights; early on it forgets faster, so that it never lags the start."""
        decay = min(self.recipe.optimiser.average, (1 + self.step) / (10 + self.step))
        state = self.network.state_dict()
        names = [name for name, _ in self.network.named_parameters()]
        torch._foreach_lerp_(
            [self.average[name] for name in names], [state[name] for name in names], 1 - decay
        )

    def _evaluate(self) -> None:
        if self.processes.rank != 0 or not self.development:
            return
        averaged = Transducer(self.recipe.network).to(self.processes.device)
        averaged.load_state_dict(self.average)
        scores = {
            name: development_score(
                averaged, features, self.data.development[name], self.subwords, self.processes.device
            )
            for name, features in self.development.items()
        }
        mean = sum(score.wer or 0.0 for score in scores.values()) / len(scores)
        self.history.evaluation(self.step, {name: score.wer or 0.0 for name, score in scores.items()})
        if mean < self.best:
            self.best = mean
            checkpoint.save(
                self.folder / "best.safetensors", Checkpoint(self.step, self.average, {}, {}, self._facts())
            )

    def _facts(self) -> dict[str, Any]:
        return {
            "recipe": config.to_dict(self.recipe),
            "subwords": self.subwords.to_bytes().hex(),
            "pieces": self.subwords.pieces,
            "best": self.best,
        }

    def _features(self, utterances: Sequence[Utterance]) -> FeatureMaker:
        return FeatureMaker(self.recipe, self._bank(utterances))

    def _bank(self, utterances: Sequence[Utterance]) -> AudioBank:
        with self.processes.leader_first():
            return AudioBank(self.folder, utterances, self.history.decoded)

    def _network(self, origin: Checkpoint | None, path: Path | None, features: FeatureMaker) -> Transducer:
        torch.manual_seed(self.recipe.seed)
        network = Transducer(self.recipe.network)
        if origin is None:
            self._set_statistics(network, features)
            return network
        try:
            network.load_state_dict({name: tensor.float() for name, tensor in origin.weights.items()})
        except RuntimeError:
            raise TrainingError(
                f"{path}: its network has other sizes than the recipe's; the recipe it was trained by is expected"
            ) from None
        return network

    def _restore(self, saved: Checkpoint) -> None:
        names = {parameter: name for name, parameter in self.network.named_parameters()}
        checkpoint.restore_optimisers(self.optimisers, names, saved.optimiser)
        self.average = {name: tensor.to(self.processes.device) for name, tensor in saved.average.items()}
        self.step, self.best = saved.step, saved.facts["best"]

    def _set_statistics(self, network: Transducer, features: FeatureMaker) -> None:
        """Mean and scale per mel bin over some of the training data, as it is."""
        stride = max(1, len(self.data.train) // _STATISTICS_UTTERANCES)
        positions = range(0, len(self.data.train), stride)
        frames = torch.cat([torch.from_numpy(features[position]) for position in positions])
        network.feature_mean.copy_(frames.mean(0))
        network.feature_scale.copy_(1 / frames.std(0).clamp(min=0.1))


@dataclass(frozen=True)
class _Sums:
    """Losses summed over this process's share of a batch, in nats."""

    total: Tensor
    transducer: Tensor
    ctc: Tensor


def _leave_signals_to_the_run(_: int) -> None:
    """A signal often goes to all processes of a run: the first one saves a checkpoint, and then ends the others."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def _subwords(origin: Checkpoint | None, data: RunData, recipe: Recipe) -> Subwords:
    if origin is not None:
        return Subwords.from_bytes(bytes.fromhex(origin.facts["subwords"]))
    return Subwords.train(sorted({utterance.text for utterance in data.train}), recipe.network.vocabulary)


def _optimisers(network: Transducer, recipe: Recipe) -> tuple[torch.optim.Optimizer, ...]:
    """What moves the weights: Muon those matrices that map hidden units to hidden units, AdamW all others."""
    settings = recipe.optimiser
    matrices = {name: p for name, p in network.named_parameters() if p.ndim > 1}
    hidden = {name for name, p in matrices.items() if p.ndim == 2 and not name.startswith(_LABEL_MATRICES)}
    groups = [
        {
            "params": [p for name, p in matrices.items() if name not in hidden],
            "weight_decay": settings.weight_decay,
        },
        {"params": [p for p in network.parameters() if p.ndim <= 1], "weight_decay": 0.0},
    ]
    return (
        torch.optim.Muon(
            [matrices[name] for name in sorted(hidden)],
            lr=settings.learning_rate,
            weight_decay=settings.weight_decay,
            adjust_lr_fn="match_rms_adamw",
        ),
        torch.optim.AdamW(groups, lr=settings.learning_rate, betas=(0.9, 0.98), eps=1e-8, foreach=True),
    )
