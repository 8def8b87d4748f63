import Models

/// What a task cannot do without: arithmetic and reading of weights (docs/performance.md).
struct BenchCost: Equatable {
  /// Floating-point operations; a multiply-add counts as two.
  private(set) var operations = 0.0
  /// Bytes that are read from where the weights lie.
  private(set) var bytes = 0.0

  /// The least time that a machine of these limits takes.
  func seconds(operationsPerSecond: Double, bytesPerSecond: Double) -> Double {
    max(operations / operationsPerSecond, bytes / bytesPerSecond)
  }

  init(operations: Double, bytes: Double) {
    (self.operations, self.bytes) = (operations, bytes)
  }

  /// - Parameter weightBytes: of one weight.
  init(_ task: BenchTask, _ c: ModelConfiguration, weightBytes: Double) {
    let batch = Double(task.batch)
    switch task.work {
    case .train, .recompute:
      let positions = Double(task.batch * task.tokens)
      let forward =
        positions * (c.blockProducts + c.headProducts) + batch * c.attention(0..<task.tokens)
      operations = 2 * 3 * forward
      // Forward and backward read the weights once each; AdamW reads master, gradient and moments.
      bytes = (c.blockProducts + c.headProducts) * (2 * weightBytes + 16)
    case .prefill:
      takeIn(batch, task.tokens, c, weightBytes)
    case .generate:
      takeIn(batch, task.promptTokens, c, weightBytes)
      decode(batch, task, c, weightBytes)
    case .step:
      let groups = batch / Double(task.groupSize)
      takeIn(groups, task.promptTokens, c, weightBytes)
      decode(batch, task, c, weightBytes)
      // A prompt is run once for its group, and its positions have no head.
      let (prompt, whole) = (task.promptTokens, task.promptTokens + task.newTokens - 1)
      let positions = groups * Double(prompt) + batch * Double(whole - prompt)
      let attention = groups * c.attention(0..<prompt) + batch * c.attention(prompt..<whole)
      let head = batch * Double(task.newTokens) * c.headProducts
      operations += 2 * 3 * (positions * c.blockProducts + head + attention)
      bytes += (c.blockProducts + c.headProducts) * (2 * weightBytes + 16)
    }
  }

  /// Passes of one new token of each sequence; the last token is drawn and never fed.
  private mutating func decode(
    _ batch: Double, _ task: BenchTask, _ c: ModelConfiguration, _ weightBytes: Double
  ) {
    for position in task.promptTokens..<task.promptTokens + task.newTokens - 1 {
      operations +=
        2 * batch
        * (c.blockProducts + c.headProducts + c.attention(position..<position + 1))
      bytes += weightBytes * (c.blockProducts + c.headProducts)
      bytes += 4 * batch * Double(2 * c.layerCount * c.keyValueWidth * (position + 1))
    }
  }

  /// One pass over `batch` prompts, with the head on the last position of each.
  private mutating func takeIn(
    _ batch: Double, _ tokens: Int, _ c: ModelConfiguration, _ weightBytes: Double
  ) {
    let positions = batch * Double(tokens) * c.blockProducts
    operations += 2 * (positions + batch * (c.headProducts + c.attention(0..<tokens)))
    bytes += weightBytes * (c.blockProducts + c.headProducts)
  }
}

extension ModelConfiguration {
  /// Multiply-adds of a position in the linear layers of all blocks; also their weights.
  var blockProducts: Double {
    Double(
      layerCount
        * (2 * hiddenSize * headCount * headDimension + 2 * hiddenSize * keyValueWidth
          + 3 * hiddenSize * intermediateSize))
  }

  /// Multiply-adds of a position in the head.
  var headProducts: Double { Double(hiddenSize * vocabularySize) }

  var keyValueWidth: Int { keyValueHeadCount * headDimension }

  /// Multiply-adds of attention at these positions, each of which sees itself and all before it;
  /// sliding windows are not counted off.
  func attention(_ positions: Range<Int>) -> Double {
    let seen = positions.reduce(0) { $0 + $1 + 1 }
    return Double(2 * layerCount * headCount * headDimension * seen)
  }
}
