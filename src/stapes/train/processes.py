"""The processes of one run: one by itself, or several started by torchrun."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.distributed
from torch import Tensor


@dataclass(frozen=True)
class Processes:
    """This process among all.

    Args:
        rank: 0 to ``count`` - 1; rank 0 writes files.
        count: processes in all.
        device: what this one computes on.
    """

    rank: int
    count: int
    device: torch.device

    @classmethod
    def join(cls) -> "Processes":
        """Take the place that torchrun assigned (gloo on CPUs, NCCL on GPUs), or be alone."""
        local = int(os.environ.get("LOCAL_RANK", "0"))
        device = torch.device("cuda", local) if torch.cuda.is_available() else torch.device("cpu")
        count = int(os.environ.get("WORLD_SIZE", "1"))
        if count > 1:
            torch.distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
        return cls(int(os.environ.get("RANK", "0")), count, device)

    def leave(self) -> None:
        """Close the connections to the others."""
        if self.count > 1:
            torch.distributed.destroy_process_group()

    @contextmanager
    def leader_first(self) -> Iterator[None]:
        """What is inside is done by rank 0 first; the others find the files that it wrote."""
        if self.count > 1 and self.rank > 0:
            torch.distributed.barrier()
        yield
        if self.count > 1 and self.rank == 0:
            torch.distributed.barrier()

    def sum(self, tensors: Iterable[Tensor]) -> None:
        """Replace each tensor by its sum over all processes, in one exchange."""
        if self.count == 1:
            return
        tensors = list(tensors)
        flat = torch.cat([tensor.flatten() for tensor in tensors])
        torch.distributed.all_reduce(flat)
        parts = torch.split(flat, [tensor.numel() for tensor in tensors])
        for tensor, part in zip(tensors, parts, strict=True):
            tensor.copy_(part.view_as(tensor))
