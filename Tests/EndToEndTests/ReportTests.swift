import Foundation
import JSON
import Testing

/// A run that can be looked at: on a page, over loopback, in an event file.
@Suite(.enabled(if: Temper.isPresent, Temper.absence))
struct ReportTests {
  let workshop: Workshop

  init() throws { workshop = try Workshop() }

  @Test func aRunIsReportedOnOnePage() throws {
    try Temper.succeed(workshop.grpo("one", ["--run.log-columns"]))
    let written = try Temper.succeed(["report", workshop.path("one"), "--json"])
    let about = try JSON(parsing: written.lastLine)
    #expect(about["status"].string == "finished" && about["steps"].int == 6)
    let html = try workshop.run("one").text("report.html")
    for words in [
      "finished; 6 of 6 steps", "aria-label=\"reward/mean\"", "<td>optimizer.learning_rate</td>",
      "id=\"by-entropy\"", "Step 6", "class=\"verdict", "<td>rollout</td>", "<td>update</td>",
    ] {
      #expect(html.contains(words), "\(words)")
    }
    #expect(!html.contains("http") && !html.contains("<script"))
    let elsewhere = workshop.path("elsewhere.html")
    try Temper.succeed(["report", workshop.path("one"), "--out", elsewhere])
    #expect(try String(contentsOfFile: elsewhere, encoding: .utf8) == html)
  }

  @Test func aKilledRunIsReportedAndItsEventFileGoesOn() throws {
    let child = try Child(workshop.grpo("cut", steps: 400))
    let run = workshop.run("cut")
    #expect(try child.killed { run.checkpoints.count >= 2 && run.metricLines.count > 5 })
    let about = try JSON(
      parsing: Temper.succeed(["report", workshop.path("cut"), "--json"]).lastLine)
    #expect(about["status"].string == "interrupted")
    try Temper.succeed(["grpo", "--resume", workshop.path("cut"), "--steps", "12"])
    #expect(try eventSteps("cut").filter { $0 > 0 } == run.metrics().map { Int($0["step"]!) })
    #expect(run.names("").filter { $0.hasPrefix("events.") }.count == 1)
  }

  @Test func theEventFileCanBeLeftOut() throws {
    try Temper.succeed(workshop.grpo("bare", steps: 1, ["--no-run.tensorboard"]))
    #expect(!workshop.run("bare").names("").contains { $0.hasPrefix("events.") })
  }

  /// The steps of the records, without a look at their checksums, which the recorder's tests take.
  private func eventSteps(_ name: String) throws -> [Int] {
    let file = try #require(
      workshop.run(name).names("").first { $0.hasPrefix("events.out.tfevents.") })
    let bytes = Array(try Data(contentsOf: workshop.folder.appending(path: "\(name)/\(file)")))
    var (steps, offset): ([Int], Int) = ([], 0)
    while offset < bytes.count {
      let length = (0..<8).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
      // Time, then the step's key and its varint.
      let data = bytes[offset + 12..<offset + 12 + length].dropFirst(9)
      var (step, shift) = (0, 0)
      if data.first == 0x10 {
        for byte in data.dropFirst() {
          step |= Int(byte & 0x7F) << shift
          shift += 7
          if byte < 0x80 { break }
        }
      }
      steps.append(step)
      offset += 16 + length
    }
    return steps
  }

  @Test func aLiveRunIsFollowedOverLoopback() throws {
    let training = try Child(workshop.grpo("live", steps: 4000))
    let run = workshop.run("live")
    while run.metricLines.isEmpty, training.isRunning { usleep(1000) }
    let errors = workshop.path("errors")
    let server = try Child(["report", workshop.path("live"), "--serve", "0"], errors: errors)
    var address: String?
    for _ in 0..<2000 where address == nil {
      usleep(5000)
      let text = (try? String(contentsOfFile: errors, encoding: .utf8)) ?? ""
      address = text.firstMatch(of: /http:\/\/127\.0\.0\.1:\d+\//).map { String($0.0) }
    }
    let port = try #require(address.flatMap { UInt16($0.split(separator: ":")[2].dropLast()) })
    let page = get("/", port)
    #expect(page.contains("in progress") && page.contains("aria-label=\"reward/mean\""))
    let first = get("/stamp", port)
    let lines = run.metricLines.count
    while run.metricLines.count == lines, training.isRunning { usleep(1000) }
    #expect(first.hasPrefix("HTTP/1.1 200 OK") && get("/stamp", port) != first)
    server.send(SIGINT)
    #expect(try server.wait().status == 0)
    training.send(SIGKILL)
  }

  /// What a server on this machine answers.
  private func get(_ path: String, _ port: UInt16) -> String {
    let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(client) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    _ = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(client, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    let request = Array("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)
    _ = send(client, request, request.count, Int32(MSG_NOSIGNAL))
    var (answer, piece) = ([UInt8](), [UInt8](repeating: 0, count: 65536))
    while true {
      let count = recv(client, &piece, piece.count, 0)
      guard count > 0 else { return String(decoding: answer, as: UTF8.self) }
      answer += piece[..<count]
    }
  }

  @Test func whatIsNoRunIsRefused() throws {
    let outcome = try Temper.run(["report", workshop.path("nothing")])
    #expect(outcome.status == 1 && outcome.errors.contains(workshop.path("nothing")))
    #expect(try Temper.run(["report", "x", "80"]).status == 2)
    #expect(try Temper.run(["report", "x", "--serve", "--out", "y"]).status == 2)
  }
}

/// Two checkpoints beside each other.
@Suite(.enabled(if: Temper.isPresent, Temper.absence))
struct CheckpointComparisonTests {
  let workshop: Workshop

  init() throws { workshop = try Workshop() }

  @Test func checkpointsOfARunAreCompared() throws {
    try Temper.succeed(workshop.grpo("run"))
    let (early, late) = ("run/checkpoints/step-000002", "run/checkpoints/step-000006")
    let page = workshop.path("page.html")
    let outcome = try Temper.succeed([
      "inspect", workshop.path(early), workshop.path(late), "--json", "--html", page,
      "--prompt", "1+2=3",
    ])
    let report = try JSON(parsing: outcome.lastLine)
    let layers = try report["layers"].requireArray()
    #expect(layers.count == 2)
    for layer in layers {
      #expect(try layer["relative_norm"].requireDouble() > 0)
      #expect(try layer["sparsity"].requireDouble() < 1)
      #expect(try layer["spectral_shift"].requireDouble() > 0)
      #expect(try layer["stable_rank"].requireDouble() >= 1)
      #expect(try layer["depth"]["before"]["attention"].requireDouble() > 0)
    }
    #expect(try String(contentsOfFile: page, encoding: .utf8).contains("principal angle"))
    // A run's folder stands for its last checkpoint.
    let same = try JSON(
      parsing: Temper.succeed(["inspect", workshop.path("run"), workshop.path(late), "--json"])
        .lastLine)
    #expect(same["all"]["relative_norm"].double == 0 && same["all"]["sparsity"].double == 1)
    #expect(same["all"]["angle"].double == 0 && same["all"]["spectral_shift"].double == 0)
  }

  @Test func modelsOfOtherShapesAreRefused() throws {
    let model = try workshop.makeModel()
    let config = try String(contentsOfFile: workshop.path("config.json"), encoding: .utf8)
    let wide = try workshop.write(
      config.replacing("\"intermediate_size\": 32", with: "\"intermediate_size\": 48"),
      to: "wide.json")
    try Temper.succeed([
      "init", "--config", wide, "--tokenizer", Workshop.tokenizer, "--output", workshop.path("w"),
    ])
    let outcome = try Temper.run(["inspect", model, workshop.path("w")])
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("mlp.gate_proj.weight' is [32, 16] in the first and [48, 16]"))
    #expect(try Temper.run(["inspect", model, workshop.path("none")]).status == 2)
  }
}
