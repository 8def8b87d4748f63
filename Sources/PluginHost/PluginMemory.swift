import CPluginABI
import Foundation

/// What an instance of any kind remembers across checkpoints: its table `temper.state/1`.
struct PluginMemory: @unchecked Sendable {  // the table is constant
  private let instance: PluginInstance
  /// `nil` where nothing is remembered.
  private let table: UnsafePointer<temper_state>?

  init(of instance: PluginInstance, _ info: PluginInfo) throws(PluginHostError) {
    self.instance = instance
    table = instance.table(TEMPER_STATE, as: temper_state.self)
    guard let table else { return }
    guard covers(table.pointee.size, \temper_state.load), table.pointee.save != nil,
      table.pointee.load != nil
    else {
      throw .malformed(
        path: info.place, reason: "the table '\(TEMPER_STATE)' of '\(info.name)' lacks a function")
    }
  }

  func save() throws -> Data? {
    guard let save = table?.pointee.save else { return nil }
    return Data(try withSink { sink, error in save(instance.pointer, sink, &error) })
  }

  func restore(_ state: Data) throws {
    guard let load = table?.pointee.load else {
      throw CallFailure("there is a saved state, and this version of the plugin remembers nothing")
    }
    try attempt { error in
      Array(state).withTemperText { load(instance.pointer, $0, &error) }
    }
  }
}
