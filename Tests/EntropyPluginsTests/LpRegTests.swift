import Foundation
import Testing

@Suite struct LpRegTests {
  var example: Experiment {
    var example = Experiment.example
    // The user's own bounds.
    (example.objective.clipLow, example.objective.clipHigh) = (1, 9)
    example.position.clipIsExplicit = true
    return example
  }

  @Test func rareTokensOfNegativeAdvantageArePulledToTheProxy() throws {
    let outcome = try example.run("lp-reg:rho=1")
    #expect(isClose(outcome["kept_mass"], [1, 1, 1, 1]))
    #expect(outcome["candidate"] == [0, 0, 1, 1])
    #expect(outcome["selected"] == [0, 0, 0, 1])
    #expect(isClose(outcome["kl"], [0, 0, 0, 0.127329]))
    #expect(isClose(outcome.loss, -0.069761911))
    #expect(isClose(outcome.gradient[3], [-0.004315, 0.008521, -0.002617, -0.001588]))
  }

  @Test(arguments: ["old", "current"])
  func theForwardDivergenceSlopesWithPMinusQ(_ source: String) throws {
    let outcome = try example.run(
      """
      lp-reg:rho=1,divergence=forward,kappa=0.1,require_below_proxy=false,proxy_from=\(source)
      """)
    if source == "current" {
      // log M below p: what is filtered is all that differs.
      #expect(outcome["selected"] == [0, 0, 1, 0])
      #expect(isClose(Double(outcome["kl"][2]), -log(Double(outcome["kept_mass"][2]))))
      return
    }
    #expect(isClose(Double(outcome["kept_mass"][3]), 0.960822))
    #expect(outcome["proxy_prob"][3] == 0)
    #expect(outcome["selected"] == [0, 0, 1, 0])
    #expect(isClose(Double(outcome["kl"][2]), 0.020412))
    #expect(isClose(outcome.loss, -0.096491238))
    #expect(isClose(outcome.gradient[2], [-0.050872, 0.149731, -0.028287, -0.070572]))
  }

  @Test func theProxyIsCutToWhatTheHostKeeps() throws {
    // 600 symbols survive, of which 512 can be kept; the sampled one is the rarest, or the first.
    let logits = (0..<600).map { -Double($0) / 600 }
    var experiment = Experiment(
      logits: [logits, logits], lengths: [2], tokens: [0, 599], advantages: [-1, -1])
    experiment.position.clipIsExplicit = true
    let request = "lp-reg:rho=1,divergence=forward,kappa=0.1,require_below_proxy=false"
    let outcome = try experiment.run(request)
    #expect(outcome.metrics["cut"] == 1)
    #expect(outcome["selected"] == [1, 0])
    let mass = logits.prefix(512).reduce(0) { $0 + exp($1) } / logits.reduce(0) { $0 + exp($1) }
    #expect(isClose(Double(outcome["kept_mass"][0]), mass))
    #expect(isClose(Double(outcome["kl"][0]), -log(mass)))
    #expect(abs(outcome.gradient[0].reduce(0, +)) < 1e-6)
    // Where all are alike, none is noise and none can be told apart.
    experiment.logits = [[Double](repeating: 0, count: 600), logits]
    experiment.oldLogits = experiment.logits
    #expect(try experiment.run(request)["kept_mass"][0] == 0)
    // The k3 estimate needs no symbols.
    #expect(try experiment.run("lp-reg:rho=1,kappa=0.1").metrics["cut"] == 0)
  }

  @Test func theBatchScopeTakesWhatLiesBelowAQuantileOfAllTokens() throws {
    let outcome = try example.run("lp-reg:scope=batch,rho=0.5,require_below_proxy=false")
    // p = 0.644, 0.236, 0.579, 0.025; half lies below 0.408.
    #expect(outcome["candidate"] == [0, 0, 0, 1])
  }

  @Test func aFixedThresholdMayKeepNothing() throws {
    let outcome = try example.run("lp-reg:rho=1,filter=fixed,tau=0.9")
    #expect(outcome["kept_mass"] == [0, 0, 0, 0])
    #expect(outcome["selected"] == [0, 0, 0, 0])
  }

  @Test func tooFewCandidatesAreNone() throws {
    #expect(try example.run("lp-reg:rho=0.5")["candidate"] == [0, 0, 0, 0])
    #expect(try example.run("lp-reg:rho=0.5,min_k=1")["candidate"] == [0, 0, 0, 1])
  }

  @Test func theBoundOnTheDivergenceSilencesWhatFellFurthest() throws {
    var example = Experiment.example
    example.logits[3] = [1, -9, 0.5, 0]
    let bounded = try example.run("lp-reg:rho=1")
    #expect(bounded["kl"][3] == 10)
    let free = try example.run("lp-reg:rho=1,kl_clamp=null")
    #expect(free["kl"][3] > 10)
    // The pull 1 - q/p raises the token against -A r.
    #expect(free.gradient[3][1] < bounded.gradient[3][1])
  }

  @Test func itsClipBoundsAreItsOwnUnlessTheUserWroteThem() throws {
    var example = example
    example.position.clipIsExplicit = false
    (example.objective.clipLow, example.objective.clipHigh) = (0.2, 0.28)
    let own = try example.run("lp-reg:rho=1").shaping
    #expect(own.clipLow == [1, 1, 1, .infinity])
    #expect(own.clipHigh == [9, 9, 9, .infinity])
    example.position.clipIsExplicit = true
    #expect(try example.run("lp-reg:rho=1").shaping.clipHigh == [0.28, 0.28, 0.28, .infinity])
    let bounded = try example.run("lp-reg:rho=1,unclip_selected=false").shaping
    #expect(bounded.clipHigh == [0.28, 0.28, 0.28, 0.28])
  }
}
