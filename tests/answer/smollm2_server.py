"""Serves SmolLM2-135M-Instruct as OpenAI would: `transformers serve`, run by `test_real_model` in a process of its own.

transformers 5.23 reads the GGUF file, but cannot serve it, since the file does not say which architecture it is of.
"""

from __future__ import annotations

from typing import Any

from transformers import AutoConfig
from transformers.cli.transformers import main

_read = AutoConfig.from_pretrained


def _with_architecture(*words: Any, **named: Any) -> Any:
    found = _read(*words, **named)
    config = found[0] if isinstance(found, tuple) else found
    config.architectures = config.architectures or ["LlamaForCausalLM"]
    return found


if __name__ == "__main__":
    AutoConfig.from_pretrained = _with_architecture  # type: ignore[method-assign]
    main()  # type: ignore[no-untyped-call]
