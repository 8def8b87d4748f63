import Foundation
import JSON
import Kernels
import Models

/// Measures models in turns: the machine, temper, each peer, and again.
struct Bench {
  /// The measurement that is not a ``BenchTask``.
  static let ceilingsMeasure = "ceilings"
  /// Read from the caches of the first, second and third level on most machines, and from memory.
  private static let cacheSizes = [32 << 10, 1 << 20, 16 << 20, 512 << 20]

  let threads: Int
  let precision: String
  let turns: Int
  private var peers: [BenchProgram]
  private var groups: [[BenchRow]] = []
  private var ceilings: [MachineCeilings] = []

  init(threads: Int, precision: String, turns: Int, peers: [String]) {
    (self.threads, self.precision, self.turns) = (threads, precision, turns)
    self.peers = peers.map { BenchProgram(command: $0) }
  }

  /// All tasks of one model.
  mutating func measure(
    _ name: String, _ configuration: ModelConfiguration, _ tasks: [BenchTask]
  ) throws {
    let folder = try BenchFolder()
    try configuration.source.serialized(indent: 2).write(
      to: folder.url.appending(path: "config.json"), atomically: false, encoding: .utf8)
    for task in tasks {
      var rows = Array(repeating: BenchRow(model: name, task: task), count: 1 + peers.count)
      for turn in 1...turns {
        Console.note("\(name): \(task.title), turn \(turn) of \(turns)")
        let ceiling = try measureCeilings(configuration, task)
        let arguments = task.arguments(folder: folder.url, threads: threads, precision: precision)
        for (index, program) in ([.temper] + peers).enumerated() {
          guard rows[index].results.count == turn - 1 else { continue }  // a peer that gave up
          do {
            let answer = try program.answer(arguments, threads: threads)
            rows[index].results.append(try BenchResult(answer))
            rows[index].ceilings.append(ceiling)
          } catch BenchError.notItsWork where index > 0 {
            continue
          } catch let error as BenchError where index > 0 {
            Console.note("left out for \(name), \(task.title): \(error)")
          }
        }
      }
      groups.append(rows.filter { $0.results.count == turns })
    }
  }

  /// - Returns: the least time of the task on the machine as it is now.
  private mutating func measureCeilings(
    _ configuration: ModelConfiguration, _ task: BenchTask
  ) throws -> Double {
    let type = PackedWeight.Precision(rawValue: precision)!
    let weightBytes = type.bytes(1)
    let cost = BenchCost(task, configuration, weightBytes: weightBytes)
    let read = weightBytes * (configuration.blockProducts + configuration.headProducts)
    let bytes = Self.cacheSizes + [min(Int(read), 512 << 20)]
    let arguments =
      ["--measure", Self.ceilingsMeasure, "--threads", "\(threads)"]
      + bytes.flatMap { ["--bytes", "\($0)"] }
    let measured = try MachineCeilings(BenchProgram.temper.answer(arguments, threads: threads))
    ceilings.append(measured)
    // A step trains in floats, whatever it samples with.
    return cost.seconds(
      operationsPerSecond: measured.allThreads * (task.work == .step ? 1 : type.multiplies),
      bytesPerSecond: measured.reading.last!.bytesPerSecond)
  }

  // MARK: What came out

  var report: String {
    [machine, BenchTable.text(groups), parts].joined(separator: "\n\n")
  }

  private var machine: String {
    let one = Figure(ceilings.map { $0.oneThread / 1e9 })
    let all = Figure(ceilings.map { $0.allThreads / 1e9 })
    var lines = [
      "multiply-adds (\(InstructionSet.current)), Gop/s: \(one.text("%.0f")) on 1 thread, "
        + "\(all.text("%.0f")) on \(threads)"
    ]
    for (index, bytes) in Self.cacheSizes.enumerated() {
      let rate = Figure(ceilings.map { $0.reading[index].bytesPerSecond / 1e9 })
      let size = bytes >= 1 << 20 ? "\(bytes >> 20) MiB" : "\(bytes >> 10) KiB"
      lines.append("reading \(size) again and again, GB/s: \(rate.text("%.1f"))")
    }
    return lines.joined(separator: "\n")
  }

  private var parts: String {
    groups.compactMap(\.first).map { "\($0.model), \($0.task.title): \($0.parts)" }
      .joined(separator: "\n")
  }

  var json: JSONLiteral {
    [
      "threads": .int(threads), "dtype": .string(precision),
      "instruction_set": .string(InstructionSet.current.rawValue),
      "ceilings": .array(ceilings.map(\.json)),
      "rows": .array(
        groups.flatMap { rows in
          rows.enumerated().map { index, row in
            var json = row.json
            if index > 0 {
              json["ratio"] = row.ratio(of: rows[0]).json
              json["processor_ratio"] = row.processorRatio(of: rows[0]).json
            }
            return json
          }
        }),
    ]
  }
}
