/// What a sandboxed program may use. What it does beyond a limit fails or ends it.
public struct SandboxLimits: Sendable, Equatable {
  /// Seconds of processor time, of each process; `nil` for no bound.
  public var cpuSeconds: Int? = 10
  /// Seconds on the clock from start to end; `nil` for a process that is ended by its owner.
  public var wallSeconds: Double? = 20
  /// Bytes of address space, of each process.
  public var memory = 512 << 20
  /// Processes and threads at once. Not bounded without namespaces.
  public var processes = 32
  /// Bytes of one file.
  public var fileSize = 8 << 20
  /// Bytes of all files in the scratch folder, which lives in memory. Not bounded without namespaces.
  public var scratchSize = 64 << 20
  public var openFiles = 64
  /// Bytes that are kept of what the program writes: the first of its output, the last of its
  /// errors. The rest is read and dropped, so that a talkative program is not held up.
  public var output = 64 << 10

  public init() {}
}
