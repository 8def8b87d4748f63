import CPluginABI
import FoundationEssentials
import Glibc
import Synchronization

/// The library's table, for the one function that it exports:
///
///     @c(temper_plugin_entry)
///     public func entry(major: UInt32, minor: UInt32) -> UnsafeRawPointer? { export(Mine.self) }
///
/// The table is made once and lives as long as the process.
public func export(_ plugins: any Plugin.Type...) -> UnsafeRawPointer? {
  exported.withLock { exported in
    let key = plugins.map { ObjectIdentifier($0) }
    if let library = exported[key] { return UnsafeRawPointer(bitPattern: library) }
    let library = UnsafeRawPointer(makeLibrary(plugins))
    exported[key] = UInt(bitPattern: library)
    return library
  }
}

/// Addresses of the libraries made so far.
private let exported = Mutex<[[ObjectIdentifier]: UInt]>([:])

private func makeLibrary(_ plugins: [any Plugin.Type]) -> UnsafePointer<temper_library> {
  let tables = UnsafeMutablePointer<UnsafePointer<temper_plugin>?>.allocate(capacity: plugins.count)
  for (index, plugin) in plugins.enumerated() {
    (tables + index).initialize(to: makePlugin(plugin))
  }
  return permanent(
    temper_library(
      size: size(of: temper_library.self), abi_major: TEMPER_ABI_MAJOR,
      abi_minor: TEMPER_ABI_MINOR, plugin_count: UInt32(plugins.count), plugins: tables))
}

private func makePlugin<P: Plugin>(_ type: P.Type) -> UnsafePointer<temper_plugin> {
  let kind = PluginKind(type)
  // A Configuration that cannot be encoded is the author's mistake; "" is refused by the host,
  // which names the library.
  let defaults = (try? P.Configuration.defaultsJSON()) ?? ""
  let descriptor = permanent(
    temper_descriptor(
      size: size(of: temper_descriptor.self), id: permanent(P.id), version: permanent(P.version),
      kind: permanent(kind?.id ?? ""), summary: permanent(P.summary),
      defaults: permanent(defaults)))
  return permanent(
    temper_plugin(
      size: size(of: temper_plugin.self), descriptor: descriptor,
      context: Unmanaged.passRetained(Factory(kind)).toOpaque(),
      create: { plugin, host, configuration, instance, error in
        report(to: error) {
          guard let kind = Factory.of(plugin).kind else {
            throw PluginError(status: TEMPER_INTERNAL, description: "the plugin is of no kind")
          }
          let made = try kind.make(Data(configuration.bytes), Host(host!))
          instance!.pointee = OpaquePointer(Unmanaged.passRetained(made).toOpaque())
        }
      },
      destroy: { Unmanaged<Instance>.fromOpaque(UnsafeRawPointer($0!)).release() },
      table: { plugin, id in Factory.of(plugin).kind?.table(String(cString: id!)) }))
}

/// What a C function pointer, which captures nothing, finds behind `temper_plugin.context`.
private final class Factory {
  let kind: PluginKind?
  init(_ kind: PluginKind?) { self.kind = kind }

  static func of(_ plugin: UnsafePointer<temper_plugin>?) -> Factory {
    Unmanaged<Factory>.fromOpaque(plugin!.pointee.context).takeUnretainedValue()
  }
}

/// Runs `body`; what it throws becomes a status and a sentence in the caller's memory.
func report(
  to error: UnsafeMutablePointer<temper_error>?, _ body: () throws -> Void
) -> temper_status {
  do {
    try body()
    return TEMPER_OK
  } catch let failure {
    if let error {
      withUnsafeMutableBytes(of: &error.pointee.message) { message in
        let text = "\(failure)".utf8.prefix(message.count - 1)
        message.copyBytes(from: text)
        message[text.count] = 0
      }
    }
    return (failure as? PluginError)?.status ?? TEMPER_INTERNAL
  }
}

func size<Struct>(of type: Struct.Type) -> UInt32 { UInt32(MemoryLayout<Struct>.size) }

/// A copy that is never freed.
func permanent<Value>(_ value: Value) -> UnsafePointer<Value> {
  let pointer = UnsafeMutablePointer<Value>.allocate(capacity: 1)
  pointer.initialize(to: value)
  return UnsafePointer(pointer)
}

private func permanent(_ text: String) -> UnsafePointer<CChar> { UnsafePointer(strdup(text)!) }
