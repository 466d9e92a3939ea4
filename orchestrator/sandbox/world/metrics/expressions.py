"""Metric math: arithmetic, comparisons and the common functions over series and numbers.

CloudWatch's expressions are written so much like Python's that Python's own parser reads them; what it has read is
then computed node by node, and anything that is not known here is refused by name.
"""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence

Points = dict[float, float]
"""A series: values by the instant at which their period begins."""
Value = Points | float | list[Points] | str

_OPERATORS: dict[type[ast.AST], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: lambda a, b: a / b if b else math.nan,
    ast.Pow: operator.pow,
    ast.Gt: lambda a, b: float(a > b),
    ast.GtE: lambda a, b: float(a >= b),
    ast.Lt: lambda a, b: float(a < b),
    ast.LtE: lambda a, b: float(a <= b),
    ast.Eq: lambda a, b: float(a == b),
    ast.NotEq: lambda a, b: float(a != b),
    ast.And: lambda a, b: float(bool(a) and bool(b)),
    ast.Or: lambda a, b: float(bool(a) or bool(b)),
}
_SPELLINGS = ((re.compile(r"\^"), "**"), (re.compile(r"&&"), " and "), (re.compile(r"\|\|"), " or "))
_WORDS = re.compile(r"\b(AND|OR)\b")


class BadExpression(Exception):
    """The expression can not be read, or uses what is not known here."""


def evaluate(expression: str, series: Mapping[str, Points], starts: Sequence[float], period: float) -> Points:
    """The series that an expression makes of others; ``starts`` are those of all periods that were asked for."""
    written = _WORDS.sub(lambda found: found[1].lower(), expression.strip())
    for wrong, right in _SPELLINGS:
        written = wrong.sub(right, written)
    try:
        tree = ast.parse(written, mode="eval")
    except SyntaxError:
        raise BadExpression(f"Error in expression: {expression} can not be read") from None
    value = _Evaluation(series, starts, period).value(tree.body)
    if isinstance(value, dict):
        return {at: each for at, each in value.items() if not math.isnan(each)}
    if isinstance(value, float):
        return {} if math.isnan(value) else dict.fromkeys(starts, value)
    raise BadExpression(f"Error in expression: {expression} is not a single time series")


class _Evaluation:
    def __init__(self, series: Mapping[str, Points], starts: Sequence[float], period: float) -> None:
        self._series = series
        self._starts = starts
        self._period = period

    def value(self, node: ast.AST) -> Value:
        match node:
            case ast.Constant(value=int() | float() as number):
                return float(number)
            case ast.Name(id=name):
                return self._named(name)
            case ast.List(elts=parts):
                return [self._points(part) for part in parts]
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return self._paired(operator.mul, -1.0, self.value(operand))
            case ast.BinOp(left=left, op=kind, right=right) if type(kind) in _OPERATORS:
                return self._paired(_OPERATORS[type(kind)], self.value(left), self.value(right))
            case ast.Compare(left=left, ops=[kind], comparators=[right]) if type(kind) in _OPERATORS:
                return self._paired(_OPERATORS[type(kind)], self.value(left), self.value(right))
            case ast.BoolOp(op=kind, values=[first, *others]):
                value = self.value(first)
                for other in others:
                    value = self._paired(_OPERATORS[type(kind)], value, self.value(other))
                return value
            case ast.Call(func=ast.Name(id=name), args=arguments):
                return self._called(name.upper(), arguments)
        raise BadExpression(f"Error in expression: {ast.unparse(node)} is not known")

    def _named(self, name: str) -> Value:
        if name in self._series:
            return self._series[name]
        if name == "REPEAT":
            return name
        raise BadExpression(f"Error in expression: there is no metric with the id {name}")

    def _called(self, name: str, arguments: Sequence[ast.AST]) -> Value:
        if name == "METRICS":
            return list(self._series.values())
        if name in _EACH and len(arguments) == 1:
            return self._paired(lambda value, _: _EACH[name](value), self.value(arguments[0]), 0.0)
        if name in _ACROSS and len(arguments) == 1:
            return self._across(_ACROSS[name], self.value(arguments[0]))
        if name == "PERIOD" and len(arguments) == 1:
            return float(self._period)
        if name == "FILL" and len(arguments) == 2:
            return self._filled(self._points(arguments[0]), self.value(arguments[1]))
        if name == "IF" and len(arguments) == 3:
            condition, well, otherwise = (self.value(each) for each in arguments)
            return self._chosen(condition, well, otherwise)
        raise BadExpression(f"Error in expression: the function {name} is not known with {len(arguments)} arguments")

    def _points(self, node: ast.AST) -> Points:
        value = self.value(node)
        if not isinstance(value, dict):
            raise BadExpression(f"Error in expression: {ast.unparse(node)} should be a time series")
        return value

    def _paired(self, function: Callable[[float, float], float], one: Value, two: Value) -> Value:
        """Two series meet where both have a value; a number meets every value."""
        if isinstance(one, float) and isinstance(two, float):
            return function(one, two)
        if isinstance(one, dict) and isinstance(two, dict):
            return {at: function(one[at], two[at]) for at in one if at in two}
        if isinstance(one, dict) and isinstance(two, float):
            return {at: function(value, two) for at, value in one.items()}
        if isinstance(one, float) and isinstance(two, dict):
            return {at: function(one, value) for at, value in two.items()}
        if isinstance(one, list):
            raise BadExpression("Error in expression: an array of time series can only be given to SUM, AVG, MIN, MAX")
        raise BadExpression("Error in expression: the operands can not be computed with")

    def _across(self, function: Callable[[list[float]], float], value: Value) -> Value:
        """Of one series a number; of several a series of each period's values."""
        if isinstance(value, dict):
            return function(list(value.values())) if value else math.nan
        if not isinstance(value, list):
            raise BadExpression("Error in expression: SUM, AVG, MIN and MAX take time series")
        instants = sorted({at for series in value for at in series})
        return {at: function([series[at] for series in value if at in series]) for at in instants}

    def _filled(self, series: Points, filler: Value) -> Value:
        filled: Points = {}
        last: float | None = None
        for at in self._starts:
            last = series.get(at, last if filler == "REPEAT" else None)
            if last is not None:
                filled[at] = last
            elif isinstance(filler, float):
                filled[at] = filler
            elif isinstance(filler, dict) and at in filler:
                filled[at] = filler[at]
        return filled

    def _chosen(self, condition: Value, well: Value, otherwise: Value) -> Value:
        if isinstance(condition, float):
            return well if condition else otherwise
        if not isinstance(condition, dict):
            raise BadExpression("Error in expression: the condition of IF should be a time series or a number")

        def at(value: Value, instant: float) -> float:
            if isinstance(value, dict):
                return value.get(instant, math.nan)
            return value if isinstance(value, float) else math.nan

        return {instant: at(well if value else otherwise, instant) for instant, value in condition.items()}


_EACH: dict[str, Callable[[float], float]] = {
    "ABS": abs,
    "CEIL": lambda value: float(math.ceil(value)),
    "FLOOR": lambda value: float(math.floor(value)),
}
_ACROSS: dict[str, Callable[[list[float]], float]] = {
    "SUM": sum,
    "AVG": lambda values: sum(values) / len(values),
    "MIN": min,
    "MAX": max,
}
