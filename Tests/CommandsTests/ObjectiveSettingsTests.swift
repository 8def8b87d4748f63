import Foundation
import Objectives
import Testing

@testable import Commands

private func parsed(_ arguments: String...) throws -> GRPOConfiguration {
  var configuration = GRPOConfiguration()
  try GRPOConfiguration.table.apply(arguments: arguments, to: &configuration)
  return configuration
}

private func read(_ yaml: String) throws -> GRPOConfiguration {
  let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).yaml")
  try Data(yaml.utf8).write(to: file)
  defer { try? FileManager.default.removeItem(at: file) }
  var configuration = GRPOConfiguration()
  try GRPOConfiguration.table.apply(file: file, to: &configuration)
  return configuration
}

@Test func clipBoundsThatTheUserWroteAreKept() throws {
  #expect(try !parsed("--lr", "1").keepsClip)
  #expect(try parsed("--clip-low", "0.1").keepsClip)
  #expect(try parsed("--clip-high", "0.28").keepsClip)
  #expect(try read("objective: {clip_high: 0.28}").keepsClip)
  #expect(try parsed("--clip-high", "0.3").training.objective.clipHigh == 0.3)
  #expect(try !parsed("--objective.keep-clip=false", "--clip-high", "0.3").keepsClip)
  #expect(try parsed("--objective.keep-clip").settings(endTokens: []).clipIsExplicit)
  #expect(try !parsed().settings(endTokens: []).clipIsExplicit)
}

@Test func aPresetsClipBoundsAreNotTheUsers() throws {
  var configuration = GRPOConfiguration()
  configuration.apply(.gspo)
  #expect(configuration.training.objective.clipHigh == 4e-4 && !configuration.keepsClip)
  // The resolved file names all of them, and says that they were not written.
  let again = try read(GRPOConfiguration.table.yaml(configuration))
  #expect(again.training.objective == configuration.training.objective && !again.keepsClip)
}

@Test func membersOfTheFamilyAreSettings() throws {
  let configuration = try read(
    """
    objective:
      surrogate: cispo
      ratio: sequence_mean
      delta: 2
      mismatch: sequence_mask
      mismatch_max: 3
      advantages: reinforce_pp
      discount: 0.5
      kl_placement: reward
    """)
  let objective = configuration.training.objective
  #expect(objective.surrogate == .cispo && objective.ratio == .sequenceMean)
  #expect(objective.delta == 2 && objective.klPlacement == .reward)
  #expect(objective.mismatch.mode == .sequenceMask && objective.mismatch.maximum == 3)
  #expect(configuration.training.advantages.estimator == .reinforcePlusPlus)
  #expect(configuration.training.advantages.discount == 0.5)
}

@Test func onlyAdvantagesWithoutGroupsTakeAGroupOfOne() throws {
  var configuration = try parsed("--group-size", "1")
  #expect(throws: ConfigurationError.self) { try configuration.check() }
  configuration.apply(.reinforcePlusPlusBaseline)
  #expect(throws: ConfigurationError.self) { try configuration.check() }
  configuration.apply(.reinforcePlusPlus)
  try configuration.check()
}
