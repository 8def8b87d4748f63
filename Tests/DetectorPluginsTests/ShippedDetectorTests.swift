import Checks
import Detectors
import Foundation
import JSON
import PluginHost
import TestSupport
import Testing

/// What holds of every detector.
@Suite struct ShippedDetectorTests {
  static let requests = [
    "attention", "entropy", "forgetting", "gradient-spike", "length", "loss-spike", "mismatch",
    "off-principal", "off-principal:warns=true", "output-logits", "reasoning-instability",
    "reasoning-instability:drops=true,quantile=0.5", "reward", "reward:held_back=length",
    "softmax-collapse", "step-radius", "step-radius:controller=true",
  ]

  @Test(arguments: requests) func itKeepsToItsContract(_ text: String) throws {
    let request = try PluginRequest(parsing: text)
    let info = try shipped.plugin(named: request.name, kind: .detector)
    let report = checkDetector(
      DetectorSubject(
        name: info.name, describe: { info.json.serialized() }, defaults: info.defaults,
        configuration: try info.resolve(request)
      ) { keys, seed in
        try shipped.detector(
          PluginRequest(name: info.id, configuration: keys), PluginSurroundings(seed: seed)
        ).detector
      })
    #expect(report.differ == [], "\(report.summary)")
  }

  @Test(.enabled(if: Shared.isPresent, Shared.absence))
  func whatIsExpectedOfThemIsWhatTheyRecord() throws {
    let report = try checkDetectors(path: Shared.url("golden/optim_detectors/detectors.json")) {
      name, settings in
      try shipped.detector(
        PluginRequest(name: "temper.detector.\(name)", configuration: settings)
      ).detector
    }
    #expect(report.differ == [], "\(report.summary)")
    #expect(report.agreed >= 11)
  }

  @Test(arguments: [
    ("entropy:window=8", "'window' is 8; give a number at least 16"),
    ("step-radius:kappa=2", "'kappa' is 2; give a number above 0 and at most 1"),
    ("reward:alarm={\"bad\":9}", "'alarm.bad' is 9; give a number at least 1 and at most 5"),
    ("reasoning-instability:k=600", "'k' is 600; give a number at least 0 and at most 512"),
  ])
  func settingsThatCannotBeUsedAreRefused(_ text: String, _ sentence: String) throws {
    let error = #expect(throws: PluginHostError.self) {
      try shipped.detector(PluginRequest(parsing: text))
    }
    #expect("\(error!)".contains(sentence), "\(error!)")
  }
}
