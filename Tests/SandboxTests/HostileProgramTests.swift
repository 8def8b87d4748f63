import Foundation
import Testing

@testable import Sandbox

/// Programs that try to get out, to get at something, or to take the machine down: the table of
/// docs/security.md. Each is held, ends by its deadline, and leaves nothing behind.
@Suite(.serialized, .enabled(if: Namespaces.areThere && Hostile.canRun, Hostile.absence))
struct HostileProgramTests {
  @Test func aForkBombStaysWithinItsProcesses() throws {
    let outcome = try Hostile.run(
      """
      import os, time
      made = 0
      try:
          while True:
              if os.fork() == 0:
                  time.sleep(1000)
              made += 1
      except OSError as error:
          print(made, type(error).__name__)
      """
    ) { $0.processes = 16 }
    #expect(outcome.text == "15 BlockingIOError\n")
  }

  @Test func aForkBombThatNeverStopsEndsWithTheClock() throws {
    let outcome = try Hostile.run(
      """
      import os
      while True:
          try: os.fork()
          except OSError: pass
      """
    ) { ($0.processes, $0.wallSeconds) = (16, 1) }
    #expect(outcome.timedOut)
  }

  @Test func aMemoryBalloonBursts() throws {
    let grow = "x = []\nwhile True: x.append(bytearray(1 << 20))"
    let outcome = try Hostile.run(grow) { $0.memory = 256 << 20 }
    #expect(outcome.status == .exited(1) && outcome.faults.contains("MemoryError"))
    // Each process has its own bound; their sum is bounded by their number.
    let many = try Hostile.run(
      "import os\nfor _ in range(3): os.fork()\ntry:\n  \(grow.replacing("\n", with: "\n  "))\n"
        + "except MemoryError: print(len(x) < 256, open('/proc/self/oom_score_adj').read().strip())"
    ) { ($0.memory, $0.processes) = (256 << 20, 16) }
    #expect(
      many.text.split(separator: "\n").allSatisfy { $0 == "True 1000" } && !many.text.isEmpty)
  }

  @Test func memoryThatTheLimitDoesNotCountIsRefused() throws {
    let outcome = try Hostile.run(
      """
      import ctypes, os
      try: os.memfd_create('x')
      except PermissionError: print('no memfd')
      libc = ctypes.CDLL(None, use_errno=True)
      print(libc.shmget(0, 1 << 30, 0o1600), ctypes.get_errno())
      """)
    #expect(outcome.text == "no memfd\n-1 1\n")
  }

  @Test func endlessOutputIsDroppedAndEndsWithTheClock() throws {
    for stream in ["stdout", "stderr"] {
      let outcome = try Hostile.run(
        "import sys\nwhile True: sys.\(stream).write('x' * 65536)"
      ) { ($0.wallSeconds, $0.output) = (0.5, 4096) }
      #expect(outcome.timedOut && outcome.output.count + outcome.errors.count == 4096)
    }
  }

  @Test func theNetworkCannotBeOpened() throws {
    let outcome = try Hostile.run(
      """
      import socket
      for family in 'AF_INET', 'AF_INET6', 'AF_PACKET', 'AF_NETLINK', 'AF_VSOCK', 'AF_ALG':
          for kind in socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW:
              try: socket.socket(getattr(socket, family), kind); print('open', family)
              except PermissionError: pass
      try: socket.create_connection(('127.0.0.1', 22), 1); print('connected')
      except OSError as error: print(type(error).__name__)
      abstract = socket.socket(socket.AF_UNIX)
      try: abstract.connect('\\0temper-hostile'); print('connected')
      except OSError as error: print(type(error).__name__)
      """)
    #expect(outcome.text == "PermissionError\nConnectionRefusedError\n")
  }

  /// A service of the machine's that listens where namespaces do not reach: on a socket in a folder.
  @Test func socketsOfTheMachineAreNotInSight() throws {
    try Hostile.withFolder { folder in
      let path = "\(folder)/s"
      let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
      defer { close(listener) }
      var address = sockaddr_un()
      address.sun_family = sa_family_t(AF_UNIX)
      withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
      let bound = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
      }
      #expect(bound == 0 && listen(listener, 1) == 0)
      let outcome = try Hostile.run(
        """
        import socket
        try: socket.socket(socket.AF_UNIX).connect(\("\(path)".debugDescription)); print('connected')
        except OSError as error: print(type(error).__name__)
        """)
      #expect(outcome.text == "FileNotFoundError\n")
    }
  }

  @Test func theHomeFolderAndTheRunsFilesCannotBeRead() throws {
    try Hostile.withFolder { folder in
      try "secret".write(toFile: "\(folder)/gold.jsonl", atomically: false, encoding: .utf8)
      let home = FileManager.default.homeDirectoryForCurrentUser.path
      let paths = [
        home, folder, "\(folder)/gold.jsonl", "/etc/shadow", "/etc/passwd", "/var", "/root",
      ]
      let outcome = try Hostile.run(
        """
        import os, sys
        # Where Python lies in the home folder, the way to it is there, and nothing else.
        def others(folder):
            way = os.path.realpath(os.__file__) + '/' + sys.executable
            return [name for name in os.listdir(folder) if os.path.join(folder, name) not in way]
        for path in \(paths):
            try: found = others(path) if os.path.isdir(path) else open(path).read()
            except OSError: continue
            if found: print('read', path, found)
        print(os.path.expanduser('~'), os.listdir('/sandbox'))
        """)
      #expect(outcome.text == "/sandbox []\n")
    }
  }

  @Test func theTrainersProcessIsNotInSight() throws {
    let outcome = try Hostile.run(
      """
      import os
      parent = \(getpid())
      for name in 'environ', 'mem', 'maps', 'fd', 'cwd', 'root', 'cmdline':
          for id in parent, os.getppid():
              path = f'/proc/{id}/{name}'
              try: print(os.listdir(path) if os.path.isdir(path) else open(path, 'rb').read(16))
              except OSError: pass
      print(sorted(int(name) for name in os.listdir('/proc') if name.isdigit()) == [os.getpid()])
      print(os.getppid(), os.environ.get('TEMPER_TEST_SECRET'))
      """)
    #expect(outcome.text == "True\n0 None\n")
  }

  @Test func nothingCanBeWrittenBesideTheScratchFolder() throws {
    let outcome = try Hostile.run(
      """
      import os, sys
      places = ['/', '/usr', '/usr/bin', '/etc', '/dev', '/proc', '/proc/sys/kernel', '/bin', '/lib',
                '/tmp/..', os.path.dirname(sys.executable), os.path.dirname(os.__file__)]
      for place in places:
          for attempt in (lambda: open(place + '/temper-x', 'w'), lambda: os.mkdir(place + '/temper-x'),
                          lambda: os.rename('/sandbox', place + '/temper-x'),
                          lambda: os.chmod(place, 0o777), lambda: os.utime(place),
                          lambda: os.link('/bin/sh', place + '/temper-x')):
              try: attempt(); print('wrote', place)
              except OSError: pass
      for path in '/proc/sysrq-trigger', '/proc/self/oom_score_adj', '/proc/sys/vm/drop_caches':
          try:
              os.write(os.open(path, os.O_WRONLY), b'1' if 'oom' not in path else b'-1000')
              print('wrote', path)
          except OSError: pass
      open('/sandbox/mine', 'w').write('x'); print('done')
      """)
    #expect(outcome.text == "done\n")
    for place in ["/", "/usr", "/etc", "/tmp"] {
      #expect(!FileManager.default.fileExists(atPath: "\(place)/temper-x"))
    }
  }

  @Test func signalsDoNotReachTheParent() throws {
    let outcome = try Hostile.run(
      """
      import os, signal
      for id in \(getpid()), os.getppid(), 1 << 20:
          for number in signal.SIGTERM, signal.SIGKILL, signal.SIGSTOP:
              if id == 0: continue
              try: os.kill(id, number); print('sent', id)
              except ProcessLookupError: pass
      try: os.killpg(\(getpgrp()), signal.SIGKILL); print('sent to the group')
      except OSError: pass
      print('done')
      """)
    // Its own first process is the only one that it can reach, and that is itself.
    #expect(outcome.text == "done\n")
  }

  /// What a kill of everything reaches is the sandbox's own.
  @Test func aKillOfEverythingEndsTheSandboxAlone() throws {
    let outcome = try Hostile.run(
      "import os, signal, time\nif os.fork() == 0: os.kill(-1, signal.SIGKILL)\ntime.sleep(0.2)\nprint('alive')"
    )
    #expect(outcome.text == "alive\n")
  }

  /// The parent writes given files by name and removes nothing by path, so that a link that is put
  /// in its way leads nowhere.
  @Test func linksAndRenamesLeadNowhere() throws {
    try Hostile.withFolder { folder in
      let target = "\(folder)/precious"
      try "precious".write(toFile: target, atomically: false, encoding: .utf8)
      chmod(target, 0o666)
      chmod(folder, 0o777)
      let outcome = try Hostile.run(
        """
        import os, threading, time
        for path in \([target, "/etc/shadow", "/proc/1/root", "/proc/self/cwd/..", "/"]):
            name = 'link%d' % len(os.listdir('.'))
            os.symlink(path, name)
            for attempt in lambda: open(name, 'a').write('x'), lambda: open(name + '/x', 'w'):
                try: attempt(); print('wrote through', path)
                except OSError: pass
            try: print('read', open(name).read(8))
            except OSError: pass
        os.mkdir('a'); os.symlink('/', 'b')
        def swap():
            end = time.time() + 0.5
            while time.time() < end:
                for x, y in ('a', 'c'), ('b', 'a'), ('a', 'b'), ('c', 'a'):
                    os.rename(x, y)
        thread = threading.Thread(target=swap); thread.start()
        while thread.is_alive():
            try: open('a/etc/temper-x', 'w'); print('wrote')
            except OSError: pass
        print('done')
        """, files: ["given": Array("x".utf8)])
      #expect(outcome.text == "done\n", "\(outcome.faults)")
      #expect(try String(contentsOfFile: target, encoding: .utf8) == "precious")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["precious"])
    }
  }

  @Test func tenThousandFilesCannotBeOpenNorMade() throws {
    let outcome = try Hostile.run(
      """
      import os
      held = []
      try:
          while len(held) < 10_000: held.append(open('/dev/null'))
      except OSError as error: print(len(held) < 64, error.strerror)
      held.clear()
      made = 0
      try:
          while made < 10_000: os.mknod(str(made)); made += 1
      except OSError as error: print(1000 < made < 4096, error.strerror)
      """)
    #expect(outcome.text == "True Too many open files\nTrue No space left on device\n")
  }

  @Test func aSessionOfItsOwnIsNoWayOut() throws {
    let start = ContinuousClock.now
    let outcome = try Hostile.run(
      """
      import os, time
      for _ in range(3):
          if os.fork() == 0:
              os.setsid()
              if os.fork() == 0:
                  os.setsid()
                  for descriptor in range(3): os.close(descriptor)
                  time.sleep(1000)
              os._exit(0)
      print('left')
      """)
    #expect(outcome.text == "left\n" && outcome.succeeded)
    #expect(ContinuousClock.now - start < .seconds(5))
  }

  @Test func zombiesAreBuriedWithTheSandbox() throws {
    let outcome = try Hostile.run(
      """
      import os, time
      for _ in range(10):
          if os.fork() == 0: os._exit(0)
      time.sleep(0.2)
      print(sum(' Z ' in open(f'/proc/{id}/stat').read() for id in os.listdir('/proc') if id.isdigit()), flush=True)
      time.sleep(1000)
      """
    ) { $0.wallSeconds = 3 }
    #expect(outcome.timedOut && outcome.text == "10\n")
  }

  @Test func signalsCannotBeIgnoredToLiveOn() throws {
    let outcome = try Hostile.run(
      """
      import signal, time
      for number in range(1, 65):
          try: signal.signal(number, signal.SIG_IGN)
          except (OSError, ValueError): pass
      time.sleep(1000)
      """
    ) { $0.wallSeconds = 0.5 }
    #expect(outcome.timedOut)
  }

  @Test func privilegesCannotBeHad() throws {
    let outcome = try Hostile.run(
      """
      import ctypes, os
      libc = ctypes.CDLL(None, use_errno=True)
      for name, number in ('unshare', 272), ('setns', 308), ('mount', 165), ('ptrace', 101), \
                          ('bpf', 321), ('keyctl', 250), ('io_uring_setup', 425):
          if libc.syscall(number, 0x10000000, 0, 0, 0, 0) >= 0: print('may', name)
      for attempt in lambda: os.setuid(0), lambda: os.chroot('/'), lambda: os.nice(-5):
          try: attempt(); print('may')
          except OSError: pass
      print('done')
      """)
    #if arch(x86_64)
      #expect(outcome.text == "done\n")
    #endif
  }
}

private enum Hostile {
  static let python = Result { try PythonInterpreter("python3") }
  static var canRun: Bool { (try? python.get()) != nil }
  static let absence: Comment = {
    if !Namespaces.areThere { return Namespaces.absence }
    if case .failure(let error) = python { return "skipped: \(error)" }
    return "present"
  }()

  /// Runs a program, and sees that it ends in time and leaves no process and no folder behind.
  static func run(
    _ program: String, files: [String: [UInt8]] = [:],
    limits change: (inout SandboxLimits) -> Void = { _ in }
  ) throws -> SandboxOutcome {
    var limits = SandboxLimits()
    limits.wallSeconds = 10
    change(&limits)
    var command = try python.get().command(program)
    command.files = files
    let (processes, folders) = (Set(descendants()), scratchFolders())
    let start = ContinuousClock.now
    let outcome = try Sandbox().run(command, limits: limits)
    #expect(ContinuousClock.now - start < .seconds(limits.wallSeconds! + 3))
    #expect(Set(descendants()).subtracting(processes) == [])
    #expect(scratchFolders() == folders)
    return outcome
  }

  private static func scratchFolders() -> [String] {
    let temporary = FileManager.default.temporaryDirectory.path
    return (try? FileManager.default.contentsOfDirectory(atPath: temporary))?
      .filter { $0.hasPrefix("temper-sandbox-") }.sorted() ?? []
  }

  /// Runs `body` with the path of a folder on the machine that everybody may enter.
  static func withFolder(_ body: (String) throws -> Void) throws {
    var template = Array("/tmp/temper-hostile-XXXXXX".utf8CString)
    let folder = String(cString: try #require(mkdtemp(&template)))
    defer { try? FileManager.default.removeItem(atPath: folder) }
    chmod(folder, 0o755)
    try body(folder)
  }
}

extension SandboxOutcome {
  fileprivate var text: String { String(decoding: output, as: UTF8.self) }
  fileprivate var faults: String { String(decoding: errors, as: UTF8.self) }
}
