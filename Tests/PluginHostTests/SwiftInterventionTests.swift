import CPluginABI
import Foundation
import TemperPlugin
import Testing
import Trajectories

@testable import PluginHost

/// The host's side of a Swift plugin in this process.
private func hosted(
  _ plugin: any Plugin.Type, _ options: String = ""
) throws -> PluginIntervention {
  let table = try #require(export(plugin)).assumingMemoryBound(to: temper_library.self)
  let loaded = try #require(PluginLibrary(table, path: "(test)").plugins.first)
  let request = try PluginRequest(parsing: loaded.info.name + options)
  let instance = try PluginInstance(
    loaded, configuration: loaded.info.resolve(request), PluginSurroundings())
  return try PluginIntervention(instance, loaded.info)
}

@Suite struct SwiftInterventionTests {
  private func prepare(_ plugin: PluginIntervention) throws -> (
    shaping: Trajectories.Shaping, wanted: [Bool]
  ) {
    var batch = batch
    var shaping = Trajectories.Shaping(count: 5, clipLow: 0.2, clipHigh: 0.28)
    let wanted = try plugin.prepare(
      position, &batch, &shaping, coefficients: coefficients, observed: observed)
    return (shaping, wanted)
  }

  @Test func aDescriptionIsMadeOfTheType() throws {
    let table = try #require(export(Memory.self)).assumingMemoryBound(to: temper_library.self)
    let info = try #require(PluginLibrary(table, path: "(test)").plugins.first).info
    #expect(info.kind == "temper.entropy/1" && info.defaults["width"] == 2)
    let needs = try hosted(Memory.self).needs
    #expect(needs.stage == .masks && needs.observed == 2 && needs.oldRows && !needs.currentRows)
  }

  @Test func everyCallReachesTheValue() throws {
    let plugin = try hosted(Memory.self)
    var floats: [Float] = [0, 0]
    let kept = try withRow(token: 3, .old) { row in
      try floats.withUnsafeMutableBufferPointer { try plugin.observe(row, into: $0) }
    }
    #expect(floats == [0, -10] && kept == [3, 0, 0, 0, 0, 0, 128, 62])

    let (shaping, wanted) = try prepare(plugin)
    #expect(shaping.scalarLoss == 24 && wanted == [false, false, false, true, true])
    let columns = plugin.takeColumns()
    #expect(columns.map(\.name) == ["memory/steps"] && columns[0].values[1] == 1)

    let later = batch.sequences(1..<2)
    let added = try plugin.evaluate(
      later, first: 3, coefficients: Array(coefficients[3...]), observed: observed)
    #expect(added.phi == [1, 1])

    var gradient: [Float] = [0, 0, 0, 0]
    let loss = try withRow(token: 2) { row in
      try gradient.withUnsafeMutableBufferPointer {
        try plugin.differentiate(row, token: 4, coefficient: 0.5, bytes: kept, into: $0)
      }
    }
    #expect(loss == 8 && gradient == [0, 0, 0.5, 0][...].map(Float.init))
  }

  @Test func whatIsRememberedSurvivesACheckpointToTheBit() throws {
    let plugin = try hosted(Memory.self)
    _ = try prepare(plugin)
    let saved = try #require(try plugin.saveState())
    let resumed = try hosted(Memory.self)
    try resumed.restoreState(saved)
    #expect(try resumed.saveState() == saved)
    #expect(
      String(decoding: saved, as: UTF8.self).contains(
        #""history":["nan","inf","-inf",-0,5e-324,0.1,0.3333333333333333]"#))
    #expect {
      try resumed.restoreState(Data(#"{"steps": "many"}"#.utf8))
    } throws: {
      "\($0)".hasPrefix("the saved state does not fit this version of the plugin: ")
    }
    #expect(try resumed.saveState() == saved)
    #expect(try hosted(Plain.self).saveState() == nil)
  }

  @Test func aStepThatFailsIsNotRemembered() throws {
    let plugin = try hosted(Memory.self, ":fails=true")
    let before = try plugin.saveState()
    #expect(throws: CallFailure("no")) { try prepare(plugin) }
    #expect(try plugin.saveState() == before)
    #expect(throws: CallFailure("no step has been prepared")) {
      try plugin.evaluate(batch, first: 0, coefficients: coefficients, observed: observed)
    }
  }

  @Test func whatIsLeftOutDoesNothingAndARowAskedForInVainIsAnError() throws {
    let plugin = try hosted(Plain.self)
    #expect(try prepare(plugin).wanted == [true, false, false, false, false])
    let added = try plugin.evaluate(
      batch, first: 0, coefficients: coefficients, observed: .init())
    #expect(added == TokenAdditions(count: 5))
    #expect(throws: CallFailure("it wants the row of token 0 and differentiates none")) {
      try withRow { row in
        var gradient: [Float] = [0, 0, 0, 0]
        _ = try gradient.withUnsafeMutableBufferPointer {
          try plugin.differentiate(row, token: 0, coefficient: 1, bytes: [], into: $0)
        }
      }
    }
  }

  @Test func observingLessThanNothingIsRefused() {
    #expect(
      throws: PluginHostError.notCreated(
        name: "memory", reason: "'needs.observed' is -1")
    ) { try hosted(Memory.self, ":width=-1") }
  }
}
