import Glibc
import Testing

@testable import Sandbox

enum Namespaces {
  static let areThere = Sandbox.availability == .isolated
  /// For `.enabled(if: Namespaces.areThere, Namespaces.absence)`.
  static let absence: Comment = {
    guard case .unavailable(let reason) = Sandbox.availability else { return "present" }
    return "skipped: no namespaces here: \(reason)"
  }()
}

/// Runs a line of shell, isolated.
func shell(
  _ line: String, input: String = "", readable: [String] = [],
  files: [String: [UInt8]] = [:], limits change: (inout SandboxLimits) -> Void = { _ in }
) throws -> SandboxOutcome {
  var limits = SandboxLimits()
  change(&limits)
  return try Sandbox().run(
    SandboxCommand(["/bin/sh", "-c", line], readable: readable, files: files),
    input: Array(input.utf8), limits: limits)
}

func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

/// Everything that this process started, at any depth, and the zombies among it.
func descendants() -> [pid_t] {
  var parents: [pid_t: pid_t] = [:]
  guard let folder = opendir("/proc") else { return [] }
  defer { closedir(folder) }
  while let entry = readdir(folder) {
    let name = withUnsafePointer(to: &entry.pointee.d_name) {
      $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
    }
    guard let id = pid_t(name), let file = fopen("/proc/\(id)/stat", "r") else { continue }
    var line = [UInt8](repeating: 0, count: 512)
    let count = fread(&line, 1, line.count, file)
    fclose(file)
    let fields = text(Array(line.prefix(count))).split(separator: ") ").last?.split(separator: " ")
    parents[id] = (fields?.dropFirst().first).flatMap { pid_t($0) }
  }
  return parents.keys.filter { id in
    var ancestor: pid_t? = parents[id]
    while let current = ancestor, current != getpid() { ancestor = parents[current] }
    return ancestor == getpid()
  }
}

@Suite(.serialized, .enabled(if: Namespaces.areThere, Namespaces.absence))
struct SandboxTests {
  @Test func aProgramGetsItsInputAndGivesOutputErrorsAndStatus() throws {
    let outcome = try shell("cat; echo bad >&2; exit 3", input: "some text\n")
    #expect(outcome.status == .exited(3))
    #expect(text(outcome.output) == "some text\n" && text(outcome.errors) == "bad\n")
    #expect(!outcome.timedOut && !outcome.outputWasCut && !outcome.succeeded)
    #expect(outcome.ending == "exited with status 3")
  }

  @Test func inputOfAnyLengthArrives() throws {
    let input = String(repeating: "0123456789abcde\n", count: 1 << 17)
    #expect(text(try shell("wc -c", input: input).output) == "\(1 << 21)\n")
    #expect(try shell("exit 0", input: input).succeeded)  // nobody reads it
  }

  @Test func theEnvironmentHoldsFourVariablesAndWhatWasGiven() throws {
    setenv("TEMPER_TEST_SECRET", "x", 1)
    let outcome = try Sandbox().run(SandboxCommand(["env"], environment: ["COLOUR": "red"]))
    #expect(
      text(outcome.output).split(separator: "\n").sorted() == [
        "COLOUR=red", "HOME=/sandbox", "LANG=C.UTF-8", "PATH=/usr/local/bin:/usr/bin:/bin",
        "TMPDIR=/sandbox",
      ])
  }

  @Test func noDescriptorOfTheParentIsInherited() throws {
    let file = open("/etc/hostname", O_RDONLY)  // not close-on-exec
    defer { close(file) }
    #expect(text(try shell("ls /proc/self/fd").output) == "0\n1\n2\n3\n")  // 3 is that of ls
  }

  @Test func theNetworkIsOff() throws {
    let interfaces = try shell("cat /proc/net/dev | tail -n +3; cat /proc/net/route | tail -n +2")
    // The loopback, and no route.
    #expect(text(interfaces.output).split(separator: "\n").count == 1)
    let python = """
      import socket
      for family in (socket.AF_INET, socket.AF_INET6, socket.AF_VSOCK, socket.AF_NETLINK):
          try:
              socket.socket(family, socket.SOCK_STREAM)
              print("open", family)
          except PermissionError:
              print("refused")
      socket.socketpair()
      """
    guard access("/usr/bin/python3", X_OK) == 0 else { return }
    let outcome = try Sandbox().run(SandboxCommand(["/usr/bin/python3", "-c", python]))
    #expect(
      text(outcome.output) == "refused\nrefused\nrefused\nrefused\n", "\(text(outcome.errors))")
  }

  @Test func onlyTheScratchFolderCanBeWritten() throws {
    let places = "/ /usr /usr/bin /etc /dev /proc /proc/sys/kernel /var /home /root"
    let outcome = try shell(
      "for p in \(places); do (echo x > $p/temper-x) 2>/dev/null && echo $p; done; echo y > z; cat z /tmp/z"
    )
    #expect(text(outcome.output) == "y\ny\n")
    #expect(access("/usr/temper-x", F_OK) != 0)
  }

  @Test func filesOfTheMachineAreNotSeen() throws {
    let outcome = try shell("ls /; ls /root /home /work /etc/passwd /etc/shadow /tmp/* 2>/dev/null")
    let seen = Set(text(outcome.output).split(separator: "\n"))
    #expect(seen.isSuperset(of: ["bin", "dev", "etc", "proc", "sandbox", "tmp", "usr"]))
    #expect(seen.isDisjoint(with: ["home", "root", "var", "mnt", "run", "sys", "/etc/passwd"]))
  }

  @Test func aFolderCanBeMadeReadableAndStaysReadOnly() throws {
    var template = Array("/tmp/temper-readable-XXXXXX".utf8CString)
    let folder = String(cString: try #require(mkdtemp(&template)))
    defer { rmdir(folder) }
    if geteuid() == 0 {  // what is root's alone cannot be shown to nobody
      #expect(throws: SandboxError.self) { try shell("true", readable: [folder]) }
    }
    chmod(folder, 0o777)  // the mount alone keeps it from being written
    let file = "\(folder)/a"
    #expect(fclose(fopen(file, "w")) == 0)
    defer { unlink(file) }
    let line = "ls \(folder); touch \(folder)/b 2>/dev/null || echo no"
    #expect(text(try shell(line, readable: [folder]).output) == "a\nno\n")
    #expect(text(try shell(line).output) == "no\n")
    #expect(throws: SandboxError.self) { try shell("true", readable: ["/no/such/folder"]) }
    #expect(throws: SandboxError.self) { try shell("true", readable: ["/"]) }
  }

  @Test func givenFilesStandInTheScratchFolder() throws {
    let outcome = try shell(
      "cat one; echo more >> one; cat one; ls", files: ["one": Array("1\n".utf8), "two": []])
    #expect(text(outcome.output) == "1\n1\nmore\none\ntwo\n")
    #expect(throws: SandboxError.fileName("../x")) { try shell("true", files: ["../x": []]) }
  }

  @Test func otherProcessesAreNotSeenAndPrivilegesCannotBeHad() throws {
    let processes = try shell("echo /proc/[0-9]*; id -u; hostname")
    #expect(text(processes.output) == "/proc/1\n1000\nsandbox\n")
    for line in ["unshare -U true", "mount -t tmpfs x /sandbox", "chroot / true"] {
      #expect(try shell(line).status != .exited(0), "\(line)")
    }
    let status = try shell("cat /proc/self/status")
    #expect(text(status.output).contains("CapEff:\t0000000000000000"))
    #expect(text(status.output).contains("NoNewPrivs:\t1"))
  }

  @Test func theClockEndsAProgramThatWaits() throws {
    let start = ContinuousClock.now
    let outcome = try shell("echo first; sleep 1000") { $0.wallSeconds = 0.3 }
    #expect(outcome.timedOut && text(outcome.output) == "first\n")
    #expect(outcome.ending == "was stopped at its time limit")
    #expect(ContinuousClock.now - start < .seconds(5))
  }

  @Test func theProcessorTimeEndsAProgramThatWorks() throws {
    let outcome = try shell("while :; do :; done") { $0.cpuSeconds = 1 }
    #expect(outcome.status == .killed(signal: SIGKILL))
    #expect(outcome.usedUpProcessorTime && !outcome.timedOut)
    // The kernel counts in ticks for the limit, and exactly here.
    #expect(outcome.cpuSeconds > 0.2 && outcome.cpuSeconds < 2)
  }

  @Test func memoryIsBounded() throws {
    let outcome = try shell("x=0123456789abcdef; while :; do x=$x$x; done") {
      $0.memory = 64 << 20
    }
    #expect(outcome.status != .exited(0) && !outcome.timedOut)
  }

  @Test func aForkBombIsContainedAndNothingSurvives() throws {
    let before = descendants()
    let outcome = try shell("f() { f | f & }; f; sleep 0.5; ls -d /proc/[0-9]* | wc -l") {
      $0.processes = 16
      $0.wallSeconds = 3
    }
    #expect(outcome.timedOut || text(outcome.errors).contains("fork"))
    #expect(descendants() == before)
  }

  @Test func killingTakesBackgroundProcessesAndLeavesNoZombie() throws {
    let before = descendants()
    // Sessions of their own, orphans, and the deadline.
    let outcome = try shell("setsid sleep 1000 & (sleep 1001 &) ; sleep 1002") {
      $0.wallSeconds = 0.3
    }
    #expect(outcome.timedOut && descendants() == before)
    // What is left in the background does not hold up the end.
    let start = ContinuousClock.now
    #expect(try shell("setsid sleep 1000 & echo done").succeeded)
    #expect(ContinuousClock.now - start < .seconds(5) && descendants() == before)
  }

  @Test func outputIsCutAndTheProgramGoesOn() throws {
    let line = "yes 12345678 | head -c 1000000; yes x | head -c 1000000 >&2; echo end >&2"
    let outcome = try shell(line) { $0.output = 1000 }
    #expect(outcome.succeeded && outcome.outputWasCut)
    #expect(outcome.output.count == 1000 && text(outcome.output).hasPrefix("12345678\n"))
    #expect(outcome.errors.count == 1000 && text(outcome.errors).hasSuffix("x\nend\n"))
  }

  @Test func endlessOutputEndsWithTheClock() throws {
    let outcome = try shell("yes") { $0.wallSeconds = 0.3 }
    #expect(outcome.timedOut && outcome.output.count == SandboxLimits().output)
  }

  @Test func filesAreBoundedOneByOneAndTogether() throws {
    let one = try shell("head -c 2000000 /dev/zero > a; stat -c %s a") { $0.fileSize = 1 << 20 }
    #expect(text(one.output) == "\(1 << 20)\n")
    let many = try shell(
      "for i in 1 2 3 4 5 6; do head -c 1000000 /dev/zero > $i; done; du -s . | cut -f 1"
    ) { $0.scratchSize = 2 << 20 }
    #expect(try #require(Int(text(many.output).dropLast())) <= 2048)
  }

  @Test func aProgramThatIsNotThereIsNamed() {
    #expect(throws: SandboxError.programNotFound(name: "/no/such", searched: "/no/such")) {
      try Sandbox().run(SandboxCommand(["/no/such"]))
    }
    #expect {
      try Sandbox().run(SandboxCommand(["no-such-program"]))
    } throws: {
      "\($0)" == """
        there is no program 'no-such-program'; looked in /usr/local/bin:/usr/bin:/bin; \
        give its path
        """
    }
  }

  @Test func manyThreadsRunProgramsAtOnce() async throws {
    let before = descendants()
    try await withThrowingTaskGroup(of: String.self) { group in
      for index in 0..<40 {
        group.addTask { text(try shell("echo \(index)").output) }
      }
      var seen: Set<String> = []
      for try await output in group { seen.insert(output) }
      #expect(seen == Set((0..<40).map { "\($0)\n" }))
    }
    #expect(descendants() == before)
  }
}
