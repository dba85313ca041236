"""A process that times calls in another environment, asked by lines of JSON through pipes."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any

from competitors.timing import Timed


class Worker:
    """A started process that answers each line of JSON with one line of JSON.

    ``{"prepare": NAME, "arguments": {…}}`` prepares a call in place of the last one, and
    ``{"repeat": N}`` makes N calls and answers with their seconds. An answer that holds "error"
    says why the request failed.

    Parameters
    ----------
    command : sequence of str
        The process to start.
    environment : mapping
        Its environment variables.
    """

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self._command = list(command)
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=dict(environment),
            text=True,
        )

    def prepare(self, name: str, arguments: Mapping[str, Any]) -> Timed:
        """Prepare a call and return its timer.

        Raises
        ------
        RuntimeError
            If the worker cannot prepare it, or has ended.
        """
        self.ask({"prepare": name, "arguments": dict(arguments)})
        return lambda repeats: self.ask({"repeat": repeats})["seconds"]

    def ask(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """Send one request and return the answer.

        Raises
        ------
        RuntimeError
            If the answer is an error, or the worker has ended.
        """
        channel_in, channel_out = self._process.stdin, self._process.stdout
        if channel_in is None or channel_out is None:
            raise RuntimeError("the worker has no pipes")
        try:
            channel_in.write(json.dumps(question) + "\n")
            channel_in.flush()
            line = channel_out.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            command = " ".join(self._command)
            raise RuntimeError(f"a worker process ended; to see why, run: {command}")
        answer = json.loads(line)
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer

    def close(self) -> None:
        """End the process."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait(timeout=30)
        if self._process.stdout is not None:
            self._process.stdout.close()
