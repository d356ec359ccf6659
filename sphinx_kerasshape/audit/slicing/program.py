"""A document's code as a whole: its functions, classes and imports, and what each statement does."""

from __future__ import annotations

import ast
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence

from sphinx_kerasshape.audit.slicing.backward import Backward
from sphinx_kerasshape.audit.slicing.effects import Effect, Summary
from sphinx_kerasshape.audit.slicing.heap import Heap, numbers
from sphinx_kerasshape.audit.slicing.parsing import Broken, Top
from sphinx_kerasshape.audit.slicing.scope import Scope
from sphinx_kerasshape.audit.slicing.statements import read

_DEEPEST_CALLS = 12
"""How many functions that call each other are followed at once."""

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


class Program:
    """What is known of a document's code; ``tops`` are its statements in order."""

    def __init__(
        self, tops: Sequence[Top | Broken], forced: frozenset[int], training: Iterable[ast.AST] = ()
    ) -> None:
        self.heap = Heap()
        self.effects: dict[int, Effect] = {}
        self.forced = forced
        """Statements inside functions that are kept whatever they do, by ``id``."""
        self.training: set[ast.AST] = set(training)
        """Functions that train, and so build, a model that isn't built yet."""
        self.files: dict[int, str] = {}
        self.given: dict[int, tuple[ast.AST | None, str]] = {}
        """The names under which functions are given objects; ``x.*`` stands for what ``x`` holds."""
        self.code_of: dict[int, ast.AST] = {}
        self.closures: dict[ast.AST, int] = {}
        """Functions inside functions, which hold values of names of these."""
        nodes = [top.node for top in tops if isinstance(top, Top)]
        self.imports = {"plt": "matplotlib.pyplot", "sns": "seaborn"}
        """Full names of what is imported, by the names that it is given; two by custom."""
        self.functions: dict[str, list[ast.AST]] = {}
        self.bound: set[str] = set()
        self.of_modules: set[str] = set()
        """Attributes of modules that the code assigns, such as ``tf.model``; they count as names."""
        self._methods: dict[str, list[ast.FunctionDef]] = {}
        self._of_class: dict[ast.AST, dict[str, list[ast.FunctionDef]]] = {}
        self._summaries: dict[ast.AST, Summary] = {}
        self._owners: dict[ast.AST, ast.AST] = {}
        """The functions that functions are inside of."""
        self._locals: dict[ast.AST, frozenset[str]] = {}
        self._depth = 0
        for node in nodes:
            self._register(node)
        self._history: dict[str, tuple[list[int], list[int]]] = {}
        self._read(tops)

    def _register(self, node: ast.stmt) -> None:
        for part in ast.walk(node):
            match part:
                case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                    self.functions.setdefault(part.name, []).append(part)
                    self.bound.add(part.name)
                case ast.Name(ctx=ast.Store()):
                    self.bound.add(part.id)
                    self.of_modules |= {part.id} if "." in part.id else set()
                case ast.Import() | ast.ImportFrom():
                    self.imports |= _imported(part)
                case ast.Assign(value=ast.Attribute() as value):
                    _alias(self.imports, part, value)
            if isinstance(part, ast.ClassDef):
                for name, methods in self.methods(part).items():
                    self._methods.setdefault(name, []).extend(methods)

    def _read(self, tops: Sequence[Top | Broken]) -> None:
        scope = Scope(self)
        for number, top in enumerate(tops):
            if isinstance(top, Broken):
                for name in top.names:
                    scope.bind(name, self.heap.made((top.block, name)))
            else:
                read(scope, [top.node])
            for name in scope.touched:
                places, values = self._history.setdefault(name, ([], []))
                places.append(number)
                values.append(scope.names.get(name, 0))
            scope.touched.clear()

    def names_after(self, number: int, names: Iterable[str]) -> set[str]:
        """Return the names that functions use which the given names stand for behind a statement."""
        return self.late(names, _Past(self._history, number), None)

    # Functions and classes

    def code(self, scope: Scope, node: ast.AST) -> int:
        """Return the object that a function, a class or a lambda expression makes."""
        made = self.heap.made(node)
        self.heap.codes |= made
        self.code_of[made.bit_length() - 1] = node
        if isinstance(node, ast.ClassDef):
            self.heap.classes |= made
        if scope.owner is not None:
            self.closures[node] = made
            self._owners[node] = scope.owner
            self.heap.store(made, scope.values_of(self.free(node)))
        if isinstance(node, ast.Lambda):
            scope.late |= {
                name for name in self.free(node) if not any(name in inner for inner in scope.inner)
            }
        return made

    def free(self, node: ast.AST) -> frozenset[str]:
        """Return the names from outside that the code of a function or a class may use."""
        if not isinstance(node, ast.ClassDef):
            return self.summary(node).free
        methods = (method for named in self.methods(node).values() for method in named)
        return frozenset().union(*(self.summary(method).free for method in methods))

    def methods(self, node: ast.ClassDef) -> dict[str, list[ast.FunctionDef]]:
        """Return the methods of a class."""
        if node not in self._of_class:
            found: dict[str, list[ast.FunctionDef]] = {}
            for part in node.body:
                if isinstance(part, ast.FunctionDef):
                    found.setdefault(part.name, []).append(part)
            self._of_class[node] = found
        return self._of_class[node]

    def methods_of(self, receiver: int, name: str, is_given: bool) -> list[ast.FunctionDef]:
        """Return the methods with a name that an object of the document's own classes may have."""
        if name not in self._methods:
            return []
        found = []
        for number in numbers(self.heap.reachable(receiver) & self.heap.codes):
            node = self.code_of[number]
            if isinstance(node, ast.ClassDef):
                found += self.methods(node).get(name, [])
        return found or (self._methods[name] if is_given else [])

    def given_names(self, owner: ast.AST | None, objects: int) -> set[str]:
        """Return the names under which a function is given objects."""
        given = (self.given[number] for number in numbers(objects & self.heap.outer))
        return {name for of, name in given if of is owner}

    def late(self, names: Iterable[str], scope_names: Mapping[str, int], owner: ast.AST | None) -> set[str]:
        """Return the names that functions use which can be reached by the given names of a scope."""
        found: set[str] = set()
        todo = list(names)
        while todo:
            objects = scope_names.get(todo.pop(), 0)
            for number in numbers(self.heap.reachable(objects) & self.heap.codes if objects else 0):
                new = self._free_in(self.code_of[number], owner) - found
                found |= new
                todo += new
        return found

    def _free_in(self, node: ast.AST, owner: ast.AST | None) -> frozenset[str]:
        """Return the names that a function uses of a scope around it."""
        free = self.free(node)
        around = self._owners.get(node)
        while around is not None and around is not owner:
            free -= self._locals.get(around, frozenset())
            around = self._owners.get(around)
        return free

    def summary(self, node: ast.AST) -> Summary:
        """Return what calling a function does."""
        known = self._summaries.get(node)
        if known is not None:
            return known
        if self._depth >= _DEEPEST_CALLS:
            return Summary()
        self._summaries[node] = Summary()
        self._depth += 1
        self._summaries[node] = self._summary(node)  # type: ignore[arg-type]
        self._depth -= 1
        return self._summaries[node]

    def _summary(self, node: Function) -> Summary:
        scope = Scope(self, node)
        parameters = _parameters(node)
        for name in parameters:
            scope.names[name] = scope.given(name)
        kept: set[int] = set()
        if isinstance(node, ast.Lambda):
            scope.returned = scope.value(node.body)
            scope.note(scope.effect())
            used = scope.uses | scope.late
            self._locals[node] = parameters
        else:
            read(scope, node.body)
            self._locals[node] = parameters | (scope.all_bound - scope.outside)
            walk = Backward(self.effects, self.forced, has_outside=True)
            walk.suite(node.body, {})
            kept = walk.kept
            used = self._used(kept)
        heap = self.heap
        returned = heap.reachable(scope.returned)
        binds = frozenset(scope.all_bound & scope.outside)
        return Summary(
            free=frozenset(used) - self._locals[node],
            mutates=frozenset(self.given_names(node, scope.changed)),
            calls=frozenset(scope.called),
            trains=frozenset(scope.trained),
            binds=binds,
            holds=self._held(scope, binds),
            returns=self._sharing(scope, returned),
            codes=returned & heap.codes,
            is_unbuilt=bool(scope.returned & heap.unbuilt),
            has_inputs=bool(scope.returned & heap.inputs),
            is_setting=scope.has_setting,
            kept=frozenset(kept),
        )

    def _sharing(self, scope: Scope, objects: int) -> frozenset[str]:
        """Return the names under which a function is given objects, or what shares new objects with them."""
        heap = self.heap
        new = objects & ~heap.codes & ~heap.modules & ~heap.outer
        found = self.given_names(scope.owner, objects)
        own = ((name, heap.reachable(scope.given(name))) for name in scope.given_under)
        return frozenset(found | {name for name, reached in own if reached & new})

    def _held(self, scope: Scope, binds: frozenset[str]) -> tuple[tuple[str, frozenset[str], int], ...]:
        """Return what else is held by what a function is given, or gives to global names."""
        heap = self.heap
        found = []
        for name in sorted({*scope.given_under, *binds}):
            given = scope.given(name) if name in scope.given_under else 0
            parts = heap.made((scope.owner, name, "parts")) if given else 0
            bound = heap.reachable(scope.names.get(name, 0)) if name in binds else 0
            for key, reached in ((name, heap.reachable(given) | bound), (f"{name}.*", heap.reachable(parts))):
                names = self._sharing(scope, reached & ~(given | parts))
                if names - {key} or reached & heap.codes:
                    found.append((key, names - {key}, reached & heap.codes))
        return tuple(found)

    def _used(self, kept: Iterable[int]) -> set[str]:
        used: set[str] = set()
        for key in kept:
            used |= self.effects[key].uses | self.effects[key].late
        return used


class _Past(Mapping[str, int]):
    """What names stood for behind a statement."""

    def __init__(self, history: Mapping[str, tuple[list[int], list[int]]], number: int) -> None:
        self._history = history
        self._number = number

    def __getitem__(self, name: str) -> int:
        places, values = self._history[name]
        place = bisect_right(places, self._number)
        if not place:
            raise KeyError(name)
        return values[place - 1]

    def __iter__(self) -> Iterator[str]:
        return iter(self._history)

    def __len__(self) -> int:
        return len(self._history)


def _parameters(node: Function) -> frozenset[str]:
    arguments = node.args
    every = (
        *arguments.posonlyargs,
        *arguments.args,
        *arguments.kwonlyargs,
        arguments.vararg,
        arguments.kwarg,
    )
    return frozenset(argument.arg for argument in every if argument)


def _imported(node: ast.Import | ast.ImportFrom) -> dict[str, str]:
    """Return the full names of what is imported, by the names that it is given."""
    if isinstance(node, ast.ImportFrom):
        base = f"{'.' * node.level}{node.module or ''}"
        return {alias.asname or alias.name: f"{base}.{alias.name}" for alias in node.names}
    roots = {alias.name.partition(".")[0] for alias in node.names if not alias.asname}
    return dict(zip(roots, roots, strict=True)) | {
        alias.asname: alias.name for alias in node.names if alias.asname
    }


def _alias(found: dict[str, str], node: ast.Assign, value: ast.Attribute) -> None:
    """Note a name for what is imported: ``layers = tf.keras.layers``."""
    path = ast.unparse(value)
    root, _, rest = path.partition(".")
    for target in node.targets:
        if isinstance(target, ast.Name) and root in found and target.id not in found:
            found[target.id] = f"{found[root]}.{rest}"
