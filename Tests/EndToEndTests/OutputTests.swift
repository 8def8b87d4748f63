import Foundation
import JSON
import Testing

/// Who reads what: people a line that moves, pipes plain lines, programs JSON.
@Suite(.enabled(if: Temper.isPresent, Temper.absence))
struct OutputTests {
  @Test func aPipeGetsPlainLinesAndStandardOutputOnlyTheReport() throws {
    let workshop = try Workshop()
    let outcome = try Temper.succeed(workshop.grpo("run", steps: 3, ["--json"]))
    #expect(!outcome.errors.contains("\r") && !outcome.errors.contains("\u{1B}"))
    #expect(outcome.errors.contains("\ngrpo  3/3 steps  100%"))
    #expect(outcome.output.split(separator: "\n").count == 1)
    let json = try JSON(parsing: outcome.lastLine)
    #expect(json["status"].string == "finished")
    #expect(json["run"].string == workshop.path("run"))
    #expect(json["model"].string == workshop.path("run/checkpoints/latest/model"))
    // The resolved configuration is shown as it is kept.
    #expect(try outcome.errors.contains(workshop.run("run").text("config.yaml")))
    #expect(try Temper.succeed(workshop.grpo("quiet", steps: 1)).output == "")
  }

  @Test func aTerminalGetsOneLineThatMoves() throws {
    let workshop = try Workshop()
    let terminal = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK)
    try #require(terminal >= 0)
    defer { close(terminal) }
    var (lock, number): (Int32, UInt32) = (0, 0)
    // TIOCSPTLCK and TIOCGPTN: unlock the other side, and ask for its number.
    try #require(ioctl(terminal, 0x4004_5431, &lock) == 0)
    try #require(ioctl(terminal, 0x8004_5430, &number) == 0)
    let child = try Child(workshop.grpo("run", steps: 3), errors: "/dev/pts/\(number)")
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    var isOpen = true
    while isOpen {
      isOpen = child.isRunning
      var count = read(terminal, &buffer, buffer.count)
      while count > 0 {
        bytes += buffer.prefix(count)
        count = read(terminal, &buffer, buffer.count)
      }
      usleep(500)
    }
    let shown = String(decoding: bytes, as: UTF8.self)
    #expect(shown.contains("\r\u{1B}[Kgrpo  1/3 steps"), "\(shown)")
    #expect(shown.contains("\r\u{1B}[Kgrpo  3/3 steps  100%"))
    #expect(!shown.contains("\ngrpo  3/3"))
  }

  @Test func exitCodesTellUseFromFailure() throws {
    for (arguments, status) in [
      (["--version"], 0), (["--help"], 0), (["grpo", "--help"], 0), ([String](), 0),
      (["dance"], 2), (["grpo"], 2), (["eval", "--model", "nowhere"], 2),
      (["generate", "1=", "--model", "nowhere"], 1), (["generate", "1="], 2),
      (["plugins", "info", "nothing"], 2), (["plugins", "list"], 0),
      (["check", "objectives", "nowhere.json"], 2), (["grpo", "--config", "nowhere.yaml"], 2),
    ] {
      let outcome = try Temper.run(arguments)
      #expect(outcome.status == status, "\(arguments): \(outcome.errors)")
      #expect((status == 0) == outcome.errors.isEmpty, "\(arguments): \(outcome.errors)")
      #expect((status != 0) == outcome.output.isEmpty, "\(arguments): \(outcome.output)")
    }
  }

  @Test func pluginsAreListedAsJSON() throws {
    let plugins = try JSON(parsing: Temper.succeed(["plugins", "list", "--json"]).lastLine)
    let names = try plugins.requireArray().compactMap { $0["name"].string }
    #expect(Set(names).isSuperset(of: ["arithmetic", "exact", "numeric", "regex"]))
    let exact = try JSON(parsing: Temper.succeed(["plugins", "info", "exact", "--json"]).lastLine)
    #expect(exact["id"].string == "temper.exact")
    #expect(exact["defaults"]["compare"].string == "number")
  }
}
