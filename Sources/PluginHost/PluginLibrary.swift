import CPluginABI
import Glibc
import JSON

/// One plugin of an opened library.
struct LoadedPlugin: @unchecked Sendable {  // the table is constant for the life of the process
  let info: PluginInfo
  let plugin: UnsafePointer<temper_plugin>
}

/// An opened shared library. It is never closed: after unloading Swift code, the next protocol
/// cast of the process may crash, and what plugins point to lives as long as the process.
struct PluginLibrary {
  let plugins: [LoadedPlugin]

  /// Opens a library and reads its descriptions; runs nothing beyond its entry function.
  init(path: String) throws(PluginHostError) {
    guard let handle = dlopen(path, RTLD_NOW | RTLD_LOCAL) else {
      throw .notLoadable(path: path, reason: Self.loaderError(path))
    }
    guard let symbol = dlsym(handle, TEMPER_ENTRY_SYMBOL) else { throw .noEntry(path: path) }
    let entry = unsafeBitCast(symbol, to: temper_entry_function.self)
    guard let library = entry(TEMPER_ABI_MAJOR, TEMPER_ABI_MINOR) else {
      throw .refused(path: path)
    }
    try self.init(library, path: path)
  }

  /// Reads the descriptions of a library that is in the process already.
  init(_ library: UnsafePointer<temper_library>, path: String) throws(PluginHostError) {
    let (major, minor) = (library.pointee.abi_major, library.pointee.abi_minor)
    guard major == TEMPER_ABI_MAJOR else { throw .otherABI(path: path, major: major, minor: minor) }
    guard covers(library.pointee.size, \temper_library.plugins) else {
      throw .malformed(path: path, reason: "temper_library is \(library.pointee.size) bytes long")
    }
    var plugins: [LoadedPlugin] = []
    for index in 0..<Int(library.pointee.plugin_count) {
      guard let plugin = library.pointee.plugins?[index] else {
        throw .malformed(path: path, reason: "plugins[\(index)] is NULL")
      }
      let info = try Self.info(of: plugin, path: path)
      guard !plugins.contains(where: { $0.info.id == info.id }) else {
        throw .malformed(path: path, reason: "two of its plugins have the id '\(info.id)'")
      }
      plugins.append(LoadedPlugin(info: info, plugin: plugin))
    }
    self.plugins = plugins
  }

  /// The loader's reason, without the path that it puts in front.
  private static func loaderError(_ path: String) -> String {
    let text = dlerror().map { String(cString: $0) } ?? "no reason given"
    return text.hasPrefix("\(path): ") ? String(text.dropFirst(path.count + 2)) : text
  }

  private static func info(
    of plugin: UnsafePointer<temper_plugin>, path: String
  ) throws(PluginHostError) -> PluginInfo {
    guard covers(plugin.pointee.size, \temper_plugin.table) else {
      throw .malformed(path: path, reason: "a temper_plugin is \(plugin.pointee.size) bytes long")
    }
    guard plugin.pointee.create != nil, plugin.pointee.destroy != nil, plugin.pointee.table != nil
    else { throw .malformed(path: path, reason: "a temper_plugin lacks a function") }
    guard let descriptor = plugin.pointee.descriptor?.pointee,
      covers(descriptor.size, \temper_descriptor.defaults)
    else { throw .malformed(path: path, reason: "a temper_descriptor is missing or too short") }
    func text(_ pointer: UnsafePointer<CChar>?) -> String {
      pointer.map(String.init(cString:)) ?? ""
    }
    let id = text(descriptor.id)
    guard !id.isEmpty, !id.hasSuffix(".") else {
      throw .malformed(path: path, reason: "the id '\(id)' ends in no name")
    }
    guard let defaults = try? JSON(parsing: text(descriptor.defaults)), defaults.kind == .object
    else {
      throw .malformed(path: path, reason: "the defaults of '\(id)' are not a JSON object")
    }
    return PluginInfo(
      id: id, version: text(descriptor.version), kind: text(descriptor.kind),
      summary: text(descriptor.summary), defaults: JSONLiteral(defaults), path: path)
  }
}

/// True if a struct that says it is `size` bytes long holds `member`: the `TEMPER_HAS` of C.
func covers<Struct, Member>(_ size: UInt32, _ member: KeyPath<Struct, Member>) -> Bool {
  Int(size) >= MemoryLayout<Struct>.offset(of: member)! + MemoryLayout<Member>.size
}
