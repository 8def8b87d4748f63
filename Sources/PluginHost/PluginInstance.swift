import CPluginABI
import JSON

/// A made plugin; ended with the last reference to it.
final class PluginInstance: @unchecked Sendable {  // what its tables allow on any thread
  let pointer: OpaquePointer
  let services: HostServices
  private let plugin: UnsafePointer<temper_plugin>

  /// - Parameter configuration: the resolved object, every key of the defaults in it.
  init(
    _ loaded: LoadedPlugin, configuration: JSONLiteral, _ surroundings: PluginSurroundings
  ) throws(PluginHostError) {
    let plugin = loaded.plugin
    let services = HostServices(loaded.info, surroundings)
    var error = temper_error()
    var made: OpaquePointer?
    var json = configuration.serialized()
    let status = json.withUTF8 { utf8 in
      utf8.withMemoryRebound(to: CChar.self) { text in
        plugin.pointee.create(
          plugin, services.pointer, temper_text(data: text.baseAddress, size: text.count), &made,
          &error)
      }
    }
    guard status != TEMPER_INVALID_CONFIG else {
      throw .configuration(name: loaded.info.name, reason: error.text(status))
    }
    guard status == TEMPER_OK, let made else {
      throw .notCreated(name: loaded.info.name, reason: error.text(status))
    }
    (self.plugin, self.services, pointer) = (plugin, services, made)
  }

  deinit { plugin.pointee.destroy(pointer) }

  /// The function table `id`, or `nil`.
  func table<Table>(_ id: String, as type: Table.Type) -> UnsafePointer<Table>? {
    plugin.pointee.table(plugin, id)?.assumingMemoryBound(to: Table.self)
  }
}

extension temper_error {
  /// The plugin's sentence, or what the status means where it gave none.
  func text(_ status: temper_status) -> String {
    let text = withUnsafeBytes(of: message) { bytes in
      String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    guard text.isEmpty else { return text }
    switch status {
    case TEMPER_OK: return "reports success and gives no instance"
    case TEMPER_INVALID_CONFIG: return "refuses its configuration without a reason"
    case TEMPER_INVALID_INPUT: return "refuses its input without a reason"
    case TEMPER_UNAVAILABLE: return "lacks something outside and does not say what"
    default: return "failed with status \(status.rawValue) and no reason"
    }
  }
}
