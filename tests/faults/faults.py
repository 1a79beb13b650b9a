"""What a run survives: the program under kills, losses of power, full and failing disks, missing threads, closed
descriptors, limits, rivals, signals and files that are no files.

    python3 faults.py PROGRAM LIBRARY WORK [--short]

LIBRARY is interpose.cpp, compiled. Every fault is followed by what a user would do - resume, or train anew where nothing
has begun - and the run must end in the very bits of one that was never disturbed. No signal but the one that was sent,
no exit code but the documented ones. Prints a table of figures; the first thing that is wrong ends it with exit code 1."""
import concurrent.futures
import itertools
import json
import os
import pathlib
import queue
import resource
import select
import shutil
import signal
import subprocess
import sys
import threading
import time

CONFIGURATION = {
    "dataset": {"name": "teacher_student", "train": 200, "validation": 100, "test": 200,
                "teacher": {"name": "teacher", "neurons": [[0, 0, 1], [0, 1, 0]]}},
    "energy": {"name": "shallow", "neurons": 8},
    "trainer": {"name": "restart_gda", "restart_every": 0, "restart_probability": 0.05},
    "optimizer": {"name": "adam", "learning_rate": 0.02},
    "loop": {"iterations": 260, "batch_size": 50, "checkpoint_every": 100, "average_decay": 0.9,
             "early_stop_metric": "nll_validation", "early_stop_patience": 50},
    "metrics": {"every": 60, "resolution": 12},
}
OWN_FILES = {"config.json", "manifest.json", "metrics.jsonl", "checkpoint.ebm", "checkpoint.older.ebm", "model.ebm",
             "report.html", "run.lock"}


PATIENT = ("--set", "loop.early_stop_patience=1000000")


class Wrong(Exception):
    pass


def expect(holds, text):
    if not holds:
        raise Wrong(text)


class Server:
    """The program, loaded once and copied for each run (FAULTS_SERVER in interpose.cpp)."""

    def __init__(self, program, library, work, number):
        self.files = [work / f"server-{number}.{name}" for name in ("out", "error")]
        self.process = subprocess.Popen([str(program)], env=environment(library, {"FAULTS_SERVER": 1}),
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        self.program = program

    def run(self, words, faults, timeout):
        settings = [f"{key}={value}" for key, value in faults.items()]
        line = [*self.files, len(settings), *settings, self.program, *words]
        self.process.stdin.write("\x1f".join(map(str, line)) + "\n")
        child = int(self.process.stdout.readline())
        if not select.select([self.process.stdout], [], [], timeout)[0]:
            os.kill(child, signal.SIGKILL)
            self.process.stdout.readline()
            raise Wrong(f"{words}: hung for {timeout} s")
        code = os.waitstatus_to_exitcode(int(self.process.stdout.readline()))
        return code, *(path.read_text(errors="replace") for path in self.files)


def environment(library=None, faults=None):
    own = dict(os.environ, OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", LC_ALL="C.UTF-8")
    if library:
        own.update({"LD_PRELOAD": str(library), **{key: str(value) for key, value in (faults or {}).items()}})
    return own


class Suite:
    def __init__(self, program, library, work, short):
        self.program, self.library, self.work, self.short = program, library, work, short
        self.rows, self.numbers, self.lock = [], itertools.count(), threading.Lock()
        self.config = work / "config.json"
        self.config.write_text(json.dumps(CONFIGURATION))
        workers = max(2, os.cpu_count() or 2)
        self.pool = concurrent.futures.ThreadPoolExecutor(max_workers=workers)
        self.servers = queue.SimpleQueue()
        for number in range(workers + 1):
            self.servers.put(Server(program, library, work, number))
        self.runs = itertools.count(1)
        self.count = 0

    # -- running the program
    def start(self, *words, **options):
        options.setdefault("stdout", subprocess.PIPE)
        options.setdefault("stderr", subprocess.PIPE)
        options.setdefault("stdin", subprocess.DEVNULL)
        with self.lock:
            self.count += 1
        return subprocess.Popen([str(self.program), *map(str, words)], env=environment(), **options)

    def run(self, *words, timeout=120, faults=None, **options):
        if not options and not any("\n" in str(word) for word in words):
            with self.lock:
                self.count += 1
            server = self.servers.get()
            try:
                return server.run(words, faults or {}, timeout)
            finally:
                self.servers.put(server)
        process = self.start(*words, **options)
        try:
            out, error = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise Wrong(f"{words}: hung for {timeout} s") from None
        return process.returncode, (out or b"").decode(errors="replace"), (error or b"").decode(errors="replace")

    def train(self, folder, *more, **options):
        return self.run("train", self.config, "--out", folder, "--threads", 1, *more, **options)

    def resume(self, folder, *more, **options):
        return self.run("train", "--resume", folder, "--threads", 1, *more, **options)

    def fresh(self, name):
        folder = self.work / f"{name}-{next(self.numbers)}"
        return folder

    # -- what must come out
    def result_of(self, folder):
        """Everything that a run has ended with, but for times and names of files."""
        records = []
        for line in (folder / "metrics.jsonl").read_text().splitlines():
            record = json.loads(line)
            record.pop("seconds")
            records.append(record)
        manifest = json.loads((folder / "manifest.json").read_text())
        return {"model": (folder / "model.ebm").read_bytes(), "records": records, "status": manifest["status"],
                "iteration": manifest["iteration"], "configuration": json.loads((folder / "config.json").read_text())}

    def expect_result(self, folder, reference, what):
        found = self.result_of(folder)
        for key, value in reference.items():
            expect(found[key] == value, f"{what}: another {key} than that of the undisturbed run"
                   + (f": {found[key]} for {value}" if key in ("status", "iteration") else ""))
        expect((folder / "report.html").stat().st_size > 1000, f"{what}: no report")
        strangers = {path.name for path in folder.iterdir()} - OWN_FILES
        expect(not strangers, f"{what}: left behind: {strangers}")

    def bring_home(self, folder, reference, what, force=False):
        """What a user does after a fault."""
        code, out, error = self.resume(folder)
        if code == 2 and "not a run" in error:
            code, out, error = self.train(folder, *(["--force"] if force else []))
        expect(code == 0, f"{what}: cannot be taken up: {code} {error}")
        self.expect_result(folder, reference, what)

    def all_of(self, name, cases, check):
        """Every case in a pool; the row says how many there were."""
        cases = list(cases)
        begin = time.monotonic()
        for future in [self.pool.submit(check, case) for case in cases]:
            future.result()
        self.rows.append((name, len(cases)))
        print(f"{name}: {len(cases)} ({time.monotonic() - begin:.0f} s)", flush=True)

    # -- the course of a run, cut at every call
    def calls_of(self, prepare, launch):
        """The calls of the file system that a launch makes, by one that is left alone."""
        folder = self.fresh("calls")
        prepare(folder)
        log = self.work / f"calls-{next(self.numbers)}.log"
        code, _, error = launch(folder, {"FAULTS_ROOT": folder, "FAULTS_LOG": log})
        expect(code == 0, f"the undisturbed run: {code} {error}")
        lines = log.read_text().splitlines()
        expect(len(lines) > 40, f"the library sees {len(lines)} calls only")
        shutil.rmtree(folder)
        return [line.split(" ", 2)[1] for line in lines]

    ENDS = {"kill": (-signal.SIGKILL,), "tear": (-signal.SIGKILL,), "lose": (-signal.SIGKILL,),
            "keep": (-signal.SIGKILL,), "zero": (-signal.SIGKILL,), "ENOSPC": (0, 2), "EIO": (0, 2)}

    def at_each_call(self, name, what, prepare, launch, check, part=8, only=None):
        """The fault at one call after the other; `check` gets the folder, a title, the exit code and the last words.
        The short suite takes about as many places as `part` says."""
        calls = self.calls_of(prepare, launch)
        places = [n for n, call in enumerate(calls, 1) if only is None or call in only]
        if self.short:
            places = places[:: max(1, len(places) // part)]

        def at(place):
            folder, shadow = self.fresh("cut"), self.fresh("shadow")
            shadow.mkdir()
            prepare(folder)
            title = f"{name}, {what} at call {place} ({calls[place - 1]})"
            code, _, error = launch(folder, {"FAULTS_ROOT": folder, "FAULTS_DO": what, "FAULTS_AT": place,
                                             "FAULTS_SHADOW": shadow, "FAULTS_COUNT": 0 if what == "ENOSPC" else 1})
            expect(code in self.ENDS[what], f"{title}: exit code {code}, {self.ENDS[what]} expected: {error}")
            check(folder, title, code, error)
            shutil.rmtree(folder)
            shutil.rmtree(shadow)

        self.all_of(f"{name}: {what} at each of {len(calls)} calls", places, at)

    def cut(self, name, what, prepare, launch, reference, force=False, only=None):
        def check(folder, title, code, error):
            if code == 2:
                expect(error.splitlines()[-1].startswith("dualebm: "), f"{title}: {error}")
            if not folder.exists():
                folder.mkdir()
            if code == 0:
                self.expect_result(folder, reference, title)
            else:
                self.bring_home(folder, reference, title, force)

        self.at_each_call(name, what, prepare, launch, check, only=only)

    def courses(self):
        nothing = lambda folder: None
        first = lambda folder, faults: self.train(folder, faults=faults)
        for what in ("kill", "lose", "keep", "zero", "ENOSPC", "EIO"):
            self.cut("a run", what, nothing, first, self.reference)
        self.cut("a run", "tear", nothing, first, self.reference, only=("write", "pwrite"))

        half = self.fresh("half")
        code, _, error = self.train(half, "--set", "loop.iterations=130")
        expect(code == 0, error)
        again = lambda folder, faults: self.resume(folder, "--set", "loop.iterations=260", faults=faults)
        # After a kill before config.json has the new length, the run is as long as it was; the user asks again.
        for what in ("kill", "lose", "zero", "EIO"):
            self.cut_resumption(what, half, again)

        other = self.fresh("other")
        code, _, error = self.train(other, "--seed", 1)
        expect(code == 0, error)
        self.other = self.result_of(other)
        for what in ("kill", "lose", "keep"):
            self.cut_replacement(what, other)

    def cut_resumption(self, what, half, again):
        def check(folder, title, code, error):
            code, _, error = again(folder, None)
            expect(code == 0, f"{title}: cannot be taken up: {code} {error}")
            self.expect_result(folder, self.reference, title)

        self.at_each_call("a resumption", what, lambda folder: shutil.copytree(half, folder), again, check, part=6)

    def cut_replacement(self, what, other):
        """--force over another run: what is left is the old run, the new one, or nothing; never a mixture."""
        replace = lambda folder, faults: self.train(folder, "--force", faults=faults)

        def check(folder, title, code, error):
            twin = self.fresh("twin")
            shutil.copytree(folder, twin)
            code, _, error = self.resume(twin)
            if code == 0:
                seed = json.loads((twin / "config.json").read_text())["seed"]
                self.expect_result(twin, self.other if seed == 1 else self.reference, title + ", resumed")
            else:
                expect(code == 2 and "not a run" in error, f"{title}, resumed: {code} {error}")
            shutil.rmtree(twin)
            code, _, error = replace(folder, None)
            expect(code == 0, f"{title}: cannot be replaced: {code} {error}")
            self.expect_result(folder, self.reference, title)

        self.at_each_call("a replacement", what, lambda folder: shutil.copytree(other, folder), replace, check, part=6)

    # -- one at a time
    def long_run(self):
        folder = self.fresh("long")
        process = self.start("train", self.config, "--out", folder, "--threads", 1, *PATIENT, "--set",
                             "loop.iterations=1000000")
        deadline = time.monotonic() + 60
        while not (folder / "checkpoint.ebm").exists():
            expect(process.poll() is None and time.monotonic() < deadline, "the long run does not begin")
            time.sleep(0.02)
        return folder, process

    def rivals(self):
        folder, process = self.long_run()
        for words in (["--resume", folder], [self.config, "--out", folder, "--force"], [self.config, "--out", folder]):
            code, _, error = self.run("train", *words)
            expect(code == 2 and f"process {process.pid} on " in error and error.count("\n") == 1,
                   f"a rival of a live run: {code} {error}")
        code, _, error = self.run("evaluate", folder)
        expect(code == 0, f"looking at a live run: {error}")
        process.send_signal(signal.SIGKILL)
        process.communicate()
        code, _, error = self.resume(folder, "--set", "loop.iterations=0")
        expect(code == 0, f"the lock outlives its process: {error}")

        def both(_):
            here = self.fresh("both")
            pair = [self.start("train", self.config, "--out", here, "--threads", 1) for _ in range(2)]
            for one in pair:
                one.communicate(timeout=120)
            codes = sorted(one.returncode for one in pair)
            expect(codes == [0, 2], f"two at once: exit codes {codes}")
            self.expect_result(here, self.reference, "two at once")
            shutil.rmtree(here)

        self.all_of("two processes that begin at once in one folder", range(2 if self.short else 8), both)

    def signals(self):
        def check(number):
            folder, process = self.long_run()
            process.send_signal(number)
            try:
                _, error = process.communicate(timeout=60)
            except subprocess.TimeoutExpired:
                process.kill()
                raise Wrong(f"{number!r} does not end a run") from None
            expect(process.returncode == 128 + number, f"{number!r}: exit code {process.returncode} {error}")
            status = json.loads((folder / "manifest.json").read_text())["status"]
            expect(status == f"interrupted: by {number.name}", f"{number!r}: {status}")
            stopped = json.loads((folder / "manifest.json").read_text())["iteration"]
            later = stopped + 50
            code, _, error = self.resume(folder, "--set", f"loop.iterations={later}")
            expect(code == 0, error)
            whole = self.fresh("whole")
            code, _, error = self.train(whole, *PATIENT, "--set", f"loop.iterations={later}")
            expect(code == 0, error)
            reference = self.result_of(whole)
            self.expect_result(folder, reference, f"resumed after {number!r} at {stopped}")

        self.all_of("SIGINT, SIGTERM, SIGHUP, then resumed", (signal.SIGINT, signal.SIGTERM, signal.SIGHUP), check)

    def descriptors(self):
        def closing(numbers):
            def close():
                for number in numbers:
                    os.close(number)
            return close

        def check(numbers):
            folder = self.fresh("closed")
            code, _, _ = self.train(folder, preexec_fn=closing(numbers))
            expect(code == 0, f"descriptors {numbers} closed: exit code {code}")
            self.expect_result(folder, self.reference, f"descriptors {numbers} closed")

        combinations = [c for size in (1, 2, 3) for c in itertools.combinations((0, 1, 2), size)]
        self.all_of("standard descriptors closed", combinations, check)

        with open("/dev/full", "w") as full:
            folder = self.fresh("full")
            code, _, _ = self.train(folder, stderr=full)
            expect(code == 0, f"stderr on a full disk: {code}")
            self.expect_result(folder, self.reference, "stderr on a full disk")
            folder = self.fresh("full")
            code, _, error = self.train(folder, stdout=full)
            expect(code == 1 and "standard output" in error, f"stdout on a full disk: {code} {error}")
            self.expect_result(folder, self.reference, "stdout on a full disk")
            for words in (["sample", folder, "-n", 50, "--warm-up", 8, "--steps", 16], ["evaluate", folder], ["list"]):
                code, _, error = self.run(*words, stdout=full)
                expect(code == 1 and "standard output" in error, f"{words} on a full disk: {code} {error}")
        reader, writer = os.pipe()
        os.close(reader)
        code, _, error = self.run("list", stdout=writer)
        os.close(writer)
        expect(code == 128 + signal.SIGPIPE and not error, f"a reader who has gone: {code} {error}")
        self.rows.append(("outputs on a full disk, and a reader who has gone", 6))

    def limits(self):
        def limiting(kind, value):
            return lambda: resource.setrlimit(kind, (value, value))

        def check(case):
            kind, value, name = case
            folder = self.fresh("limit")
            code, _, error = self.train(folder, preexec_fn=limiting(kind, value))
            title = f"{name} {value}"
            # Before main the loader may fail on its own: 127.
            expect(code in (0, 2, 127), f"{title}: exit code {code} {error}")
            if not folder.exists():
                return
            self.bring_home(folder, self.reference, title, force=True)

        cases = [(resource.RLIMIT_FSIZE, size, "ulimit -f") for size in (0, 100, 3000, 20000, 60000)]
        cases += [(resource.RLIMIT_NOFILE, count, "ulimit -n") for count in (4, 6, 8, 16)]
        cases += [(resource.RLIMIT_AS, size << 20, "ulimit -v") for size in (600, 900, 1200, 1600)]
        self.all_of("limits of files, descriptors and memory", cases[::3] if self.short else cases, check)

        def threads(most):
            code, _, error = self.run("train", self.config, "--out", self.fresh("threads"), "--threads", 8,
                                      faults={"FAULTS_THREADS": most}, timeout=60)
            expect(code == 2 and "could be started" in error if most < 7 else code in (0, 2),
                   f"{most} threads at most: {code} {error}")

        self.all_of("threads that cannot be had", range(0, 12, 5 if self.short else 1), threads)
        code, _, error = self.run("train", self.config, "--out", self.fresh("threads"), "--threads", 4096)
        expect(code == 2 and "--threads 4096" in error, f"4096 threads: {code} {error}")
        wishes = ["trainer.particles=100000000000", "dataset.train=100000000000", "dataset.test=100000000000",
                  "energy.neurons=100000000000", "trainer.particles_per_point=1000000000"]
        for wish in wishes:
            folder = self.fresh("wish")
            code, _, error = self.train(folder, "--set", wish)
            expect(code == 2 and wish.split("=")[0] in error and "GB" in error and error.count("\n") == 1
                   and not folder.exists(), f"{wish}: {code} {error}")
        self.rows.append(("memory that is not there", len(wishes)))

    def oddities(self):
        """Files that are no files, folders that are gone, texts that are not what they should be."""
        def refused(part, *words, **options):
            code, out, error = self.run(*words, timeout=60, **options)
            said = [line for line in error.splitlines() if not line.startswith("sampling ")]
            expect(code == 2 and part in error and len(said) == 1 and not out,
                   f"{words}: {code} {out}{error}; expected one line with {part!r}")

        pipe = self.work / "pipe.json"
        os.mkfifo(pipe)
        refused("nothing came", "train", pipe, "--out", self.fresh("x"))
        refused("does not end", "train", "/dev/zero", "--out", self.fresh("x"))
        refused("folder", "train", self.work, "--out", self.fresh("x"))
        refused("--seed", "train", self.config, "--seed", "-1")
        refused("\\x0a", "train", "two\nlines.json")
        refused("no name of a folder", "train", self.config, "--set", "title=../escape")
        refused("did you mean \"sample\"", "sampel", "x")
        gone = self.fresh("gone")
        gone.mkdir()
        # The shell leaves its folder's name behind, so that the program must look itself.
        code, _, error = self.run("train", self.config, preexec_fn=lambda: (os.chdir(gone), os.rmdir(gone)))
        expect(code == 2 and error.count("\n") == 1, f"a working directory that is gone: {code} {error}")
        for manifest in ("[]", "3", '{"program": 3}', '{"program": "dualebm", "status": 5}', "", "{",
                         '{"program": "dualebm 1", "plugins": [1]}', '{"program": "dualebm 1", "data": {"train": "x"}}'):
            folder = self.fresh("manifest")
            shutil.copytree(self.whole, folder)
            (folder / "manifest.json").write_text(manifest)
            for words in (["evaluate", folder], ["train", "--resume", folder], ["export", folder, "-o", folder / "x.pt"],
                          ["train", self.config, "--out", folder]):
                code, _, error = self.run(*words)
                expect(code in (0, 2) and (code == 0 or error.count("\n") == 1), f"{manifest}: {words}: {code} {error}")
        for title in ("<!--<script>", "{{data}}", "</title><script>alert(1)</script>", "a\nb"):
            folder = self.fresh("title")
            code, _, error = self.train(folder, "--set", "title=" + json.dumps(title))
            expect(code == 0, error)
            page, plain = (folder / "report.html").read_text(), (self.whole / "report.html").read_text()
            expect(page.count("<script") == plain.count("<script") and page.count("<!--") == plain.count("<!--"),
                   f"the title {title!r} is markup in the page")
        self.rows.append(("odd files, folders, texts", 21))

        for name in ("model.ebm", "checkpoint.ebm", "config.json", "metrics.jsonl", "run.lock", "manifest.json"):
            before = (self.whole / name).read_bytes()
            refused("the run's own", "sample", self.whole, "-n", 5, "--warm-up", 8, "--steps", 16, "-o", self.whole / name)
            refused("the run's own", "export", self.whole, "--force", "-o", self.whole / "." / name)
            expect((self.whole / name).read_bytes() == before, f"{name} was replaced")
        # So few steps are written, and not trusted: exit code 3.
        code, out, error = self.run("sample", self.whole, "-n", 5, "--warm-up", 8, "--steps", 16)
        expect(code in (0, 3), error)
        code, direct, error = self.run("sample", self.whole, "-n", 5, "--warm-up", 8, "--steps", 16, "-o", "/dev/stdout")
        expect(code in (0, 3) and direct == out and pathlib.Path("/dev/stdout").is_symlink(), f"-o /dev/stdout: {code} {error}")
        refused("cannot be written", "sample", self.whole, "-n", 5, "--warm-up", 8, "--steps", 16, "-o", "/dev/full")
        refused("a folder", "sample", self.whole, "-n", 5, "--warm-up", 8, "--steps", 16, "-o", self.work)
        precious, link, trap = self.work / "precious", self.work / "link.csv", self.work / "y.csv.tmp"
        precious.write_text("years of work")
        link.symlink_to(precious)
        trap.symlink_to(precious)
        for target in (link, self.work / "y.csv"):
            code, _, error = self.run("sample", self.whole, "-n", 5, "--warm-up", 8, "--steps", 16, "-o", target)
            expect(code in (0, 3), error)
        expect(precious.read_text() == "years of work", "an output went through a link")
        self.rows.append(("outputs that would destroy", 17))

    def generations(self):
        """A newest checkpoint that is damaged, or of a run that was lost already."""
        def spoilt(how):
            folder = self.fresh("spoilt")
            code, _, error = self.train(folder, "--set", "loop.iterations=250")
            expect(code == 0, error)
            path = folder / "checkpoint.ebm"
            content = path.read_bytes()
            path.write_bytes({"cut": content[: len(content) // 2], "empty": b"",
                              "altered": content[:-40] + bytes([content[-40] ^ 1]) + content[-39:]}[how])
            code, _, error = self.resume(folder, "--set", "loop.iterations=260")
            expect(code == 0 and "checkpoint.older.ebm" in error, f"{how}: {code} {error}")
            self.expect_result(folder, self.reference, f"a newest checkpoint that is {how}")

        self.all_of("a newest checkpoint that is damaged", ("cut", "empty", "altered"), spoilt)
        stranger = self.fresh("stranger")
        code, _, error = self.train(stranger, "--seed", 3)
        expect(code == 0, error)
        folder = self.fresh("swapped")
        shutil.copytree(self.whole, folder)
        shutil.copy(stranger / "checkpoint.ebm", folder / "checkpoint.ebm")
        code, _, error = self.resume(folder, "--set", "loop.iterations=300")
        expect(code == 2 and "another run: seed, which is 3 there and 0 here" in error, f"{code} {error}")
        for content in (b"", b"{", b"\0" * 3000, b"{}\n" * 5, (self.whole / "metrics.jsonl").read_bytes() * 3):
            folder = self.fresh("metrics")
            code, _, error = self.train(folder, "--set", "loop.iterations=130")
            expect(code == 0, error)
            (folder / "metrics.jsonl").write_bytes(content)
            code, _, error = self.resume(folder, "--set", "loop.iterations=260")
            expect(code == 0, error)
            self.expect_result(folder, self.reference, f"a metrics.jsonl of {len(content)} bytes")
        self.rows.append(("a checkpoint of another run, metrics of any kind", 6))

    def everything(self):
        self.whole = self.fresh("whole")
        code, _, error = self.train(self.whole)
        expect(code == 0, f"the undisturbed run: {error}")
        self.reference = self.result_of(self.whole)
        for part in (self.generations, self.oddities, self.rivals, self.signals, self.descriptors, self.limits, self.courses):
            part()


def main():
    program, library, work = (pathlib.Path(word).resolve() for word in sys.argv[1:4])
    short = "--short" in sys.argv[4:]
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    begin = time.monotonic()
    # A shell has a job in the background ignore some, and the program leaves it at that.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    suite = Suite(program, library, work, short)
    try:
        suite.everything()
    except Wrong as wrong:
        print(f"WRONG: {wrong}", flush=True)
        suite.pool.shutdown(wait=True, cancel_futures=True)
        return 1
    width = max(len(name) for name, _ in suite.rows)
    print(f"\n{'fault':{width}}  survived")
    for name, count in suite.rows:
        print(f"{name:{width}}  {count}")
    print(f"\n{suite.count} processes in {time.monotonic() - begin:.0f} s; nothing lost, nothing wrong")
    shutil.rmtree(work)
    return 0


if __name__ == "__main__":
    sys.exit(main())
