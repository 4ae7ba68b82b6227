"""The events that the tokens of a text make, as compose reads them."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from ruamel.yaml import tokens
from ruamel.yaml.events import MappingStartEvent, ScalarEvent
from ruamel.yaml.parser import Parser


class DialectParser(Parser):
    """Tokens to events, with a short way for those that are most of a file."""

    @cached_property
    def scanner(self) -> Any:
        return super().scanner

    def parse_node(self, block: bool = False, indentless_sequence: bool = False) -> Any:
        # Most nodes are scalars and block mappings without anchor and tag.
        token = self.scanner.peek_token()
        if isinstance(token, tokens.ScalarToken):
            self.scanner.get_token()
            self.state = self.states.pop()
            return ScalarEvent(None, None, None, token.value, token.start_mark, token.end_mark, token.style)
        if isinstance(token, tokens.BlockMappingStartToken):
            self.state = self.parse_block_mapping_first_key
            return MappingStartEvent(None, None, True, token.start_mark, token.start_mark, flow_style=False)
        return super().parse_node(block, indentless_sequence)

    def parse_block_mapping_key(self) -> Any:
        # As in ruamel, without the comments that this parser never gets.
        if not isinstance(self.scanner.peek_token(), tokens.KeyToken):
            return super().parse_block_mapping_key()
        return self.parse_behind(self.scanner.get_token(), self.parse_block_mapping_value)

    def parse_block_mapping_value(self) -> Any:
        if not isinstance(self.scanner.peek_token(), tokens.ValueToken):
            return super().parse_block_mapping_value()
        return self.parse_behind(self.scanner.get_token(), self.parse_block_mapping_key)

    def parse_behind(self, indicator: Any, state: Any) -> Any:
        """The node behind a `?` or `:`, which may be empty; `state` comes after it."""
        if self.scanner.check_token(tokens.KeyToken, tokens.ValueToken, tokens.BlockEndToken):
            self.state = state
            return self.process_empty_scalar(indicator.end_mark)
        self.states.append(state)
        return self.parse_node(True, True)

    def parse_implicit_document_start(self) -> Any:
        # `...` at the start, and two of them at the end.
        while self.scanner.check_token(tokens.DocumentEndToken):
            self.scanner.get_token()
        return super().parse_implicit_document_start()
