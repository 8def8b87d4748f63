/// The two Python programs that judge a completion's code.
///
/// The code under judgement and the tests run in two processes, each in a sandbox of its own, that
/// know each other by lines alone: a test calls a function of the program by a request, and what
/// comes back is plain data. So no `sys.exit`, no object that is equal to everything, no patched
/// `assert` and no forged report makes a wrong program pass.
enum Harness {
  /// Loads the program and answers requests.
  static let program = #"""
    import base64, collections, datetime, decimal, fractions, os, pickle, sys, types

    ATOMS = {type(None), bool, int, float, complex, str, bytes, bytearray, range, decimal.Decimal,
             fractions.Fraction, datetime.date, datetime.datetime, datetime.time, datetime.timedelta}
    objects = []

    class Reference:
        __slots__ = ("number",)
        def __init__(self, number): self.number = number

    def plain(value):
        kind = type(value)
        if kind in ATOMS: return value
        if isinstance(value, list): return [plain(item) for item in value]
        if isinstance(value, tuple): return tuple(plain(item) for item in value)
        if isinstance(value, (set, frozenset)): return frozenset(map(plain, value)) if isinstance(
            value, frozenset) else set(map(plain, value))
        if isinstance(value, dict): return {plain(key): plain(item) for key, item in value.items()}
        if isinstance(value, collections.deque): return collections.deque(map(plain, value))
        for base in (int, float, str, bytes):
            if isinstance(value, base): return base(value)
        if kind.__module__ == "numpy" and hasattr(value, "tolist"): return plain(value.tolist())
        objects.append(value)
        return Reference(len(objects) - 1)

    class Sender(pickle.Pickler):
        def persistent_id(self, value): return value.number if type(value) is Reference else None

    class Receiver(pickle.Unpickler):
        def persistent_load(self, number): return objects[number]

    def names(module):
        found = {}
        for name, value in vars(module).items():
            if name.startswith("__"): continue
            if isinstance(value, types.ModuleType):
                found[name] = ("module", value.__name__)
            elif getattr(value, "__module__", None) not in (None, module.__name__) and hasattr(
                    value, "__name__"):
                found[name] = ("from", value.__module__, value.__name__, plain(value))
            else:
                found[name] = ("value", plain(value))
        return found

    def load(setup, source):
        module = types.ModuleType("program")
        sys.modules["program"] = module
        try: exec(compile(setup, "setup", "exec"), vars(module))
        except Exception: pass  # what it needs may be the program's own
        exec(compile(source, "program", "exec"), vars(module))
        return names(module), []

    def call(function, arguments, keywords):
        result = plain(function(*arguments, **keywords))
        changeable = (list, dict, set, bytearray)
        return result, [plain(a) if type(a) in changeable else None for a in arguments]

    ACTIONS = {
        "load": load, "call": call,
        "get": lambda value, name: (plain(getattr(value, name)), []),
        "set": lambda value, name, item: (setattr(value, name, item), []),
        "item": lambda value, key: (plain(value[key]), []),
        "list": lambda value: ([plain(item) for item in value], []),
        "len": lambda value: (len(value), []),
        "str": lambda value: (str(value), []),
    }

    def serve():
        import io
        requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor in range(3): os.dup2(null, descriptor)
        for line in requests:
            action, *arguments = Receiver(io.BytesIO(base64.b64decode(line))).load()
            try: reply = ("gave", *ACTIONS[action](*arguments))
            except SyntaxError as error: reply = ("unreadable", str(error))
            except BaseException as error: reply = ("raised", type(error).__name__, str(error)[:500])
            buffer = io.BytesIO()
            try: Sender(buffer, 4).dump(reply)
            except Exception as error:
                buffer = io.BytesIO()
                Sender(buffer, 4).dump(("raised", "TypeError", "what it gives cannot be sent"))
            replies.write(base64.b64encode(buffer.getvalue()) + b"\n")
            replies.flush()

    serve()
    """#

  /// Runs the tests and reports.
  static let tests = #"""
    import base64, builtins, importlib, io, json, os, pickle, sys

    requests, replies = os.fdopen(os.dup(1), "w"), os.fdopen(os.dup(0), "rb")
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(2): os.dup2(null, descriptor)

    ALLOWED = {("builtins", "complex"), ("builtins", "range"), ("builtins", "bytearray"),
               ("collections", "deque"), ("decimal", "Decimal"), ("fractions", "Fraction"),
               ("datetime", "date"), ("datetime", "datetime"), ("datetime", "time"),
               ("datetime", "timedelta"), ("_codecs", "encode")}
    STANDARD = getattr(sys, "stdlib_module_names", {
        "bisect", "cmath", "collections", "copy", "functools", "heapq", "itertools", "math",
        "operator", "random", "re", "statistics", "string", "sys", "typing"})

    class ProgramError(Exception): pass
    class Unreadable(Exception): pass

    def report(**fields):
        requests.write("done " + json.dumps(fields) + "\n")
        requests.flush()
        sys.exit()

    class Remote:
        """Something of the program's that is no plain data. It equals itself alone."""
        __slots__ = ("_number",)
        def __init__(self, number): object.__setattr__(self, "_number", number)
        def __call__(self, *arguments, **keywords):
            return ask("call", self, arguments, keywords, changing=arguments)
        def __getattr__(self, name):
            if name.startswith("__"): raise AttributeError(name)
            return ask("get", self, name)
        def __setattr__(self, name, value): ask("set", self, name, value)
        def __getitem__(self, key): return ask("item", self, key)
        def __iter__(self): return iter(ask("list", self))
        def __len__(self): return ask("len", self)
        def __bool__(self): return True
        def __str__(self): return ask("str", self)
        def __eq__(self, other): return type(other) is Remote and other._number == self._number
        def __hash__(self): return hash(self._number)

    class Sender(pickle.Pickler):
        def persistent_id(self, value): return value._number if type(value) is Remote else None

    class Receiver(pickle.Unpickler):
        def persistent_load(self, number): return Remote(number)
        def find_class(self, module, name):
            if (module, name) not in ALLOWED: raise pickle.UnpicklingError(f"{module}.{name}")
            return super().find_class(module, name)

    def ask(*request, changing=()):
        buffer = io.BytesIO()
        try: Sender(buffer, 4).dump(request)
        except Exception as error: report(broken=f"the tests pass what cannot be sent: {error}")
        requests.write("ask " + base64.b64encode(buffer.getvalue()).decode() + "\n")
        requests.flush()
        reply = Receiver(io.BytesIO(base64.b64decode(replies.readline()))).load()
        if reply[0] == "unreadable": raise Unreadable(reply[1])
        if reply[0] == "raised":
            kind = getattr(builtins, reply[1], None)
            if isinstance(kind, type) and issubclass(kind, Exception):
                try: error = kind(reply[2])
                except Exception: error = None
                if error: raise error
            raise ProgramError(f"{reply[1]}: {reply[2]}")
        for mine, theirs in zip(changing, reply[2]):
            if type(mine) is not type(theirs) or mine == theirs: continue
            if type(mine) in (list, bytearray): mine[:] = theirs
            elif type(mine) in (dict, set): mine.clear(); mine.update(theirs)
        return reply[1]

    def trusted(module, name=None):
        """A module of Python's own, or a member of one: whatever the program says it is."""
        if module.split(".")[0] not in STANDARD: return None
        try: found = importlib.import_module(module)
        except Exception: return None
        return getattr(found, name, None) if name else found

    def namespace(found, wanted):
        """What the tests see of the program. A test's own tools, such as `sorted`, are not the
        program's to give, unless they are all that the tests call: then they are its functions."""
        names = {"__name__": "tests"}
        tools = any(not hasattr(builtins, name) for name in wanted)
        for name, entry in found.items():
            if tools and hasattr(builtins, name): continue
            if name in STANDARD: value = trusted(name) if entry == ("module", name) else None
            elif entry[0] == "module": value = trusted(entry[1])
            elif entry[0] == "from": value = trusted(entry[1], entry[2]) or entry[3]
            else: value = entry[1]
            if value is not None: names[name] = value
        return names

    def describe(error, test):
        kind, text = type(error).__name__, " ".join(str(error).split())
        if isinstance(error, ProgramError): kind, text = text.split(": ", 1)[0], text.split(": ", 1)[-1]
        line = " ".join(test.split())
        what = kind + (f": {text}" if text else "")
        return (what + (f" in {line}" if line else ""))[:300]

    def main():
        task = json.loads(replies.readline())
        try:
            codes = [compile(test, "test", "exec") for test in task["tests"]]
            check = compile(task["check"], "check", "exec")
            preamble = compile(task["preamble"], "prompt", "exec")
            setup = compile(task["setup"], "setup", "exec")
        except SyntaxError as error: report(broken=f"the row's tests are no Python: {error}")
        total = len(codes) + (1 if task["check"] else 0)
        wanted = {task["entry"]} if task["entry"] else {n for code in codes for n in code.co_names}
        try: names = namespace(ask("load", task["setup"], task["program"]), wanted)
        except Unreadable as error: report(unreadable=f"the code is no Python: {error}")
        except Exception as error: report(passed=0, total=total, fault=describe(error, ""))
        entry = names.get(task["entry"])
        try:
            exec(preamble, names)
            if task["entry"] and entry is not None: names[task["entry"]] = entry
            exec(setup, names)
        except (NameError, AttributeError, ProgramError) as error:
            report(passed=0, total=total, fault=describe(error, "the setup"))
        except Exception as error: report(broken=f"the row's setup: {describe(error, '')}")
        passed, fault = 0, ""
        for code, test in zip(codes, task["tests"]):
            try:
                exec(code, names)
                passed += 1
            except Exception as error: fault = fault or describe(error, test)
        if task["check"]:
            try:
                exec(check, names)
                names["check"](names[task["entry"]])
                passed += 1
            except Exception as error: fault = fault or describe(error, "")
        report(passed=passed, total=total, fault=fault)

    main()
    """#
}
