/// What became of several tasks that were trained one after the other, from accuracies measured
/// throughout and not at the ends of tasks alone.
///
/// De Lange et al. 2023, "Continual evaluation for lifelong learning: identifying the stability
/// gap" (arXiv:2205.13452); forgetting and transfer as in Lopez-Paz and Ranzato 2017
/// (arXiv:1706.08840) and Chaudhry et al. 2018 (arXiv:1801.10112).
public struct ContinualMetrics: Sendable {
  /// `[T][t]` the accuracy on each task at each evaluation; the first is before any training.
  let accuracy: [[Double]]
  /// `[T]` the evaluation at which the training of each task ended, rising.
  let ends: [Int]

  /// - Precondition: as many ends as tasks, each a place in every task's accuracies.
  public init(accuracy: [[Double]], taskEnds ends: [Int]) {
    precondition(
      accuracy.count == ends.count && !ends.isEmpty && ends[0] >= 0
        && zip(ends, ends.dropFirst()).allSatisfy { $0 < $1 }
        && accuracy.allSatisfy { $0.count > ends.last! },
      "\(accuracy.count) tasks that end at \(ends)")
    (self.accuracy, self.ends) = (accuracy, ends)
  }

  private var last: Int { ends.count - 1 }
  private var end: Int { ends[last] }

  /// Over all tasks, once the last is done.
  public var averageAccuracy: Double { mean(accuracy.map { $0[end] })! }

  /// What training later tasks did to each earlier one since its own end; `nil` for one task.
  public var backwardTransfer: Double? {
    mean((0..<last).map { accuracy[$0][end] - accuracy[$0][ends[$0]] })
  }

  /// `[T - 1]` how far each earlier task is below the best that it was at the end of a task.
  public var forgetting: [Double] {
    (0..<last).map { task in
      ends[task..<last].map { accuracy[task][$0] }.max()! - accuracy[task][end]
    }
  }

  /// The mean of the worst points of the earlier tasks since each was learned; `nil` for one task.
  public var minimumAccuracy: Double? {
    mean((0..<last).map { worst(of: $0, after: ends[$0], through: end) })
  }

  /// `(1/T) a[T] + (1 - 1/T) min-ACC`: the task just learned with the worst of the others.
  public var worstCaseAccuracy: Double {
    let share = 1 / Double(ends.count)
    return share * accuracy[last][end] + (1 - share) * (minimumAccuracy ?? 0)
  }

  /// `[T - 1][T - 1 - i]` how deep each earlier task fell in the phase of each later one, below
  /// where it stood when that began.
  public var stabilityGaps: [[Double]] {
    (0..<last).map { task in
      (task + 1...last).map { later in
        accuracy[task][ends[later - 1]]
          - worst(of: task, after: ends[later - 1], through: ends[later])
      }
    }
  }

  private func worst(of task: Int, after start: Int, through end: Int) -> Double {
    accuracy[task][start + 1...end].min()!
  }
}

private func mean(_ values: [Double]) -> Double? {
  values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
}
