import CSandbox
import Glibc

/// What a running program is known by.
struct Child {
  let id: pid_t
  /// Readable once the program has ended.
  let descriptor: Int32
}

/// The ends of a pipe; both are closed in programs that others start.
struct PipeEnds {
  let reading: Int32
  let writing: Int32

  init() throws(SandboxError) {
    var ends: [Int32] = [-1, -1]
    guard ts_pipe(&ends) == 0 else {
      throw .notStarted(program: "a program", step: "pipe", path: nil, code: errno)
    }
    (reading, writing) = (ends[0], ends[1])
  }
}

extension SandboxCommand {
  /// Starts the program with the given descriptors as its standard streams.
  ///
  /// - Parameter scratch: where the scratch folder is, as the program sees it.
  func launch(
    limits: SandboxLimits, isolated: Bool, scratch: String,
    input: Int32, output: Int32, errors: Int32
  ) throws(SandboxError) -> Child {
    let searchPath = environment["PATH"] ?? Self.searchPath
    var arguments = arguments
    arguments[0] = try VisiblePaths.program(arguments[0], searchPath: searchPath)
    let program = arguments[0]
    for name in files.keys where !Self.isFileName(name) { throw .fileName(name) }
    let readable = isolated ? try VisiblePaths.all(self.readable) : []
    let folder = self.folder.map { VisiblePaths.resolved($0) ?? $0 } ?? scratch

    let memory = CMemory()
    defer { memory.free() }
    var request = ts_program()
    request.arguments = memory.list(arguments)
    request.environment = memory.list(variables(scratch: scratch))
    (request.input, request.output, request.errors) = (input, output, errors)
    request.folder = memory.text(folder)
    request.isolated = isolated ? 1 : 0
    request.drops_root = isolated && Sandbox.dropsRoot ? 1 : 0
    request.readable = memory.list(readable)
    let files = files.sorted { $0.key < $1.key }.map { memory.file($0.key, $0.value) }
    request.files = memory.array(files)
    request.file_count = files.count
    request.limits = ts_limits(limits)
    return try start(&request, named: program)
  }

  static func isFileName(_ name: String) -> Bool {
    !name.isEmpty && !name.contains("/") && ![".", ".."].contains(name) && name.utf8.count < 256
  }
}

/// Sets everything up as for a program and ends before it would be executed.
func launchProbe(_ limits: SandboxLimits, on descriptor: Int32) throws(SandboxError) -> Child {
  let memory = CMemory()
  defer { memory.free() }
  var request = ts_program()
  (request.input, request.output, request.errors) = (descriptor, descriptor, descriptor)
  request.folder = memory.text(TS_SCRATCH)
  request.isolated = 1
  request.drops_root = Sandbox.dropsRoot ? 1 : 0
  request.readable = memory.list(try VisiblePaths.all([]))
  request.limits = ts_limits(limits)
  return try start(&request, named: "a sandbox")
}

private func start(
  _ request: inout ts_program, named name: String
) throws(SandboxError) -> Child {
  var fault = ts_fault()
  let id = ts_spawn(&request, &fault)
  guard id > 0 else {
    throw .notStarted(
      program: name, step: String(cString: fault.step),
      path: fault.path.map { String(cString: $0) }, code: fault.code)
  }
  let descriptor = ts_descriptor(id)
  guard descriptor >= 0 else {
    let code = errno
    kill(id, SIGKILL)
    waitpid(id, nil, 0)
    throw .notStarted(program: name, step: "pidfd_open", path: nil, code: code)
  }
  return Child(id: id, descriptor: descriptor)
}

extension ts_limits {
  init(_ limits: SandboxLimits) {
    func bound(_ value: Int) -> UInt64 { UInt64(max(value, 0)) }
    self.init(
      cpu_seconds: limits.cpuSeconds.map(bound) ?? .max, memory: bound(limits.memory),
      processes: bound(limits.processes), file_size: bound(limits.fileSize),
      scratch_size: bound(limits.scratchSize), open_files: bound(limits.openFiles))
  }
}

/// Copies for C that live until ``free()``.
private final class CMemory {
  private var blocks: [UnsafeMutableRawPointer] = []

  func free() {
    for block in blocks { block.deallocate() }
    blocks = []
  }

  func array<Value>(_ values: [Value]) -> UnsafePointer<Value>? {
    let block = UnsafeMutablePointer<Value>.allocate(capacity: max(values.count, 1))
    block.initialize(from: values, count: values.count)
    blocks.append(UnsafeMutableRawPointer(block))
    return UnsafePointer(block)
  }

  func text(_ text: String) -> UnsafePointer<CChar>? { array(text.utf8CString.map { $0 }) }

  /// The texts, with a null pointer behind the last.
  func list(_ texts: [String]) -> UnsafePointer<UnsafePointer<CChar>?>? {
    array(texts.map { text($0) } + [nil])
  }

  func file(_ name: String, _ bytes: [UInt8]) -> ts_file {
    ts_file(name: text(name), bytes: array(bytes), size: bytes.count)
  }
}
