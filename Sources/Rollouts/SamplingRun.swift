import Environments
import Kernels
import Models
import Tensors
import Tokenizers
import Trajectories

/// One call of ``RolloutEngine/sample(_:samples:settings:step:observers:onEvent:)`` under way.
///
/// A prompt is waiting, then taken in (`prefills`), then ready; each of its completions is active
/// until it ends. Every pass advances all active completions by a token. In an episode a completion
/// is `away` while the environment answers its turn, and then `back` until the answer is taken in.
struct SamplingRun {
  let engine: RolloutEngine
  let pages: KeyValuePages
  let prompts: [Prompt]
  let samples: Range<Int>
  let settings: SamplingSettings
  let step: Int
  let observers: [any RowObserver]
  let episodes: EpisodeSettings?
  let onEvent: (RolloutEngine.Event) -> Void
  private let random: CounterRandom
  private let law: SamplingLaw
  private let stops: StopStrings

  /// Prompts not yet begun, the first last.
  private var waiting: [Int]
  private var prefills: [Prefill] = []
  private var ready: [ReadyPrompt] = []
  private(set) var active: [ActiveSequence] = []
  /// By ticket.
  private var away: [Int: ActiveSequence] = [:]
  private var back: [ActiveSequence] = []
  private let desk: EpisodeDesk?
  private var tickets = 0
  private(set) var pool: PagePool
  /// Pages that active completions may still ask for.
  private(set) var reserved = 0
  private(set) var groups: [TrajectoryGroup]

  init(
    engine: RolloutEngine, pages: KeyValuePages, pageCount: Int, prompts: [Prompt],
    samples: Range<Int>, settings: SamplingSettings, step: Int,
    observers: [any RowObserver], episodes: EpisodeSettings?,
    onEvent: @escaping (RolloutEngine.Event) -> Void
  ) {
    self.engine = engine
    self.pages = pages
    self.prompts = prompts
    self.samples = samples
    self.settings = settings
    self.step = step
    self.observers = observers
    self.episodes = episodes
    self.onEvent = onEvent
    desk = episodes.map { EpisodeDesk(workers: $0.workers) }
    pool = PagePool(count: pageCount)
    random = CounterRandom(seed: settings.seed, purpose: .sampling)
    law = SamplingLaw(
      temperature: settings.temperature, topK: settings.topK, topP: settings.topP,
      minP: settings.minP)
    stops = StopStrings(settings.stopStrings + (episodes?.environment.world.stops ?? []))
    waiting =
      samples.isEmpty ? [] : prompts.indices.filter { prompts[$0].failure == nil }.reversed()
    var seen: [Int: Int] = [:]
    groups = prompts.map { prompt in
      let further = seen[prompt.index, default: 0] * samples.count
      seen[prompt.index, default: 0] += 1
      return TrajectoryGroup(
        prompt: prompt,
        trajectories: samples.map { sample in
          var trajectory = Trajectory(sample: sample + further)
          trajectory.observed = observers.map { ObservedRows(width: $0.width) }
          if let failure = prompt.failure { trajectory.fail(failure) }
          return trajectory
        })
    }
    for (index, group) in groups.enumerated() where group.prompt.failure != nil {
      for trajectory in group.trajectories {
        onEvent(.finished(prompt: index, trajectory: trajectory))
      }
    }
  }

  var isUnfinished: Bool {
    !(waiting.isEmpty && prefills.isEmpty && ready.isEmpty && active.isEmpty && away.isEmpty
      && back.isEmpty)
  }

  /// One forward pass: a token for every active completion, and stretches of new prompts.
  ///
  /// - Throws: ``RolloutError/notFinite(prompt:sample:token:)``.
  mutating func advance() throws {
    takeAnswers(isPatient: false)
    var batch = RowBatch()
    var scored = Array(active.indices)
    for sequence in active {
      batch.append([sequence.last], position: sequence.position, table: sequence.table)
      sequence.position += 1
    }
    var rows = engine.prefillRows
    active += takeBack(&batch, &scored, &rows)
    let taken = takeIn(&batch, &scored, &rows)
    if !scored.isEmpty || batch.count > 0 {
      let logits = engine.model.decode(batch, pages: pages, rows: scored)
      for (index, prefill) in taken.enumerated() {
        let row = logits.rows(active.count + index..<active.count + index + 1)
        let kept = Storage(UnsafeBufferPointer(start: row.base, count: row.columns))
        ready.append(ReadyPrompt(prompt: prefill.prompt, table: prefill.table, logits: kept))
      }
      try append(logits.rows(0..<active.count), to: active)
    }
    try begin()
    if batch.count == 0, active.isEmpty, !away.isEmpty { takeAnswers(isPatient: true) }
  }

  // MARK: Prompts

  /// Adds rows of prompts to `batch`, as many as a pass takes; returns the prompts that are in
  /// with it, whose last rows join `scored`.
  private mutating func takeIn(
    _ batch: inout RowBatch, _ scored: inout [Int], _ rows: inout Int
  ) -> [Prefill] {
    var finished: [Prefill] = []
    while rows > 0 {
      if prefills.isEmpty, !admit(besides: finished.count) { break }
      let tokens = prompts[prefills[0].prompt].tokens
      let start = prefills[0].position
      let end = min(start + rows, tokens.count)
      batch.append(tokens[start..<end], position: start, table: prefills[0].table)
      prefills[0].position = end
      rows -= end - start
      if end == tokens.count {
        scored.append(batch.count - 1)
        finished.append(prefills.removeFirst())
      }
    }
    return finished
  }

  /// Begins to take in the next prompt, so that a group or an eighth of the batch is always ready
  /// to step in for completions that end; but only if one of its own would find its pages.
  private mutating func admit(besides finished: Int) -> Bool {
    let coming = ready.reduce(finished * samples.count) { $0 + samples.count - $1.next }
    let wanted = engine.width + max(samples.count, engine.width / 8)
    guard let prompt = waiting.last, active.count + coming < wanted else { return false }
    let needed = PagePool.pages(forKeys: prompts[prompt].tokens.count)
    guard pool.available - reserved >= needed + engine.completionPages(settings, episodes) else {
      return false
    }
    waiting.removeLast()
    prefills.append(Prefill(prompt: prompt, table: (0..<needed).map { _ in pool.take() }))
    return true
  }

  // MARK: Completions

  /// Begins completions of prompts that are in, while the batch and the memory have room.
  private mutating func begin() throws {
    let each = engine.completionPages(settings, episodes)
    while let prompt = ready.first {
      let count = min(
        engine.width - active.count - back.count, (pool.available - reserved) / each,
        samples.count - prompt.next)
      guard count > 0 else { return }
      let begun = (prompt.next..<prompt.next + count).map { fork(prompt, slot: $0) }
      active += begun
      ready[0].next += count
      if ready[0].next == samples.count {
        pool.release(prompt.table)
        ready.removeFirst()
      }
      let rows = prompt.rows(count)
      try withExtendedLifetime(rows) {
        try append(rows.matrix(rows: count, columns: prompt.logits.count), to: begun)
      }
    }
  }

  /// A completion that shares the prompt's full pages and owns a copy of the one that is not.
  private mutating func fork(_ prompt: ReadyPrompt, slot: Int) -> ActiveSequence {
    let tokens = prompts[prompt.prompt].tokens.count
    let full = tokens / KeyValuePages.pageSize
    let reservation = engine.completionPages(settings, episodes)
    reserved += reservation
    pool.share(prompt.table[..<full])
    let sequence = ActiveSequence(
      prompt: prompt.prompt, slot: slot,
      trajectory: groups[prompt.prompt].trajectories[slot],
      table: Array(prompt.table[..<full]), position: tokens, reservation: reservation,
      runner: episodes.map { EpisodeRunner($0, prompts[prompt.prompt], engine.tokenizer) },
      decoder: engine.tokenizer.streamDecoder(skipSpecial: episodes == nil))
    if tokens % KeyValuePages.pageSize != 0 {
      extend(sequence)
      pages.copy(prompt.table[full], to: sequence.table[full])
    }
    return sequence
  }

  private mutating func extend(_ sequence: ActiveSequence) {
    sequence.reservation -= 1
    reserved -= 1
    sequence.table.append(pool.take())
  }

  /// Draws the next token of each sequence from its row of `logits`; those that end leave.
  private mutating func append(_ logits: Matrix, to sequences: [ActiveSequence]) throws {
    guard !sequences.isEmpty else { return }
    let uniforms = sequences.map { sequence in
      random.uniform(
        step, prompts[sequence.prompt].index, sequence.trajectory.sample,
        sequence.trajectory.tokens.count)
    }
    let drawn = Sampling.draw(logits, uniforms: uniforms, law)
    for (row, sequence) in sequences.enumerated() {
      guard drawn.old[row].isFinite, drawn.entropies[row].isFinite else {
        throw RolloutError.notFinite(
          prompt: prompts[sequence.prompt].id, sample: sequence.trajectory.sample,
          token: sequence.trajectory.tokens.count)
      }
    }
    if !observers.isEmpty {
      try engine.model.countingRowTime { try observe(drawn, logits, sequences) }
    }
    for (row, sequence) in sequences.enumerated() {
      sequence.append(drawn, row: row, settings, stops)
      onEvent(
        .token(
          prompt: sequence.prompt, sample: sequence.trajectory.sample, id: sequence.last))
      if sequence.stop != nil {
        sequence.runner == nil ? retire(sequence) : hand(sequence)
      } else if sequence.position == sequence.table.count * KeyValuePages.pageSize {
        extend(sequence)
      }
    }
    active.removeAll { $0.stop != nil }
  }

  /// Shows the rows that tokens were drawn from, and keeps what is noted with the tokens.
  private func observe(
    _ drawn: DrawnTokens, _ logits: Matrix, _ sequences: [ActiveSequence]
  ) throws {
    let noted = try engine.model.observe(
      logits, drawn.law, tokens: drawn.tokens,
      temperature: settings.temperature == 0 ? 1 : settings.temperature, observers)
    for (row, sequence) in sequences.enumerated() {
      for (place, rows) in noted.enumerated() {
        sequence.trajectory.observed[place].append(rows[row..<row + 1])
      }
    }
  }

  // MARK: Episodes

  /// Hands the turn that has ended to the environment.
  private mutating func hand(_ sequence: ActiveSequence) {
    let (turn, endToken) = sequence.closeTurn(engine.tokenizer)
    let runner = sequence.runner!
    away[tickets] = sequence
    desk!.ask(tickets) { runner.answer(turn, endToken: endToken) }
    tickets += 1
  }

  /// - Parameter isPatient: waits for an answer where there is none.
  private mutating func takeAnswers(isPatient: Bool) {
    guard !away.isEmpty else { return }
    for (ticket, answer) in desk!.answers(isPatient: isPatient) {
      let sequence = away.removeValue(forKey: ticket)!
      if sequence.take(answer, engine.tokenizer) {
        back.append(sequence)
      } else {
        retire(sequence)
      }
    }
  }

  /// Adds rows of answers to `batch`, as many as a pass takes and the batch has room for behind
  /// them; returns the completions that go on with it, whose last rows join `scored`.
  private mutating func takeBack(
    _ batch: inout RowBatch, _ scored: inout [Int], _ rows: inout Int
  ) -> [ActiveSequence] {
    var finished: [ActiveSequence] = []
    while rows > 0, let sequence = back.first, active.count + finished.count < engine.width {
      let stretch = sequence.pending.prefix(rows)
      let end = sequence.position + stretch.count
      while sequence.table.count * KeyValuePages.pageSize < end { extend(sequence) }
      batch.append(stretch, position: sequence.position, table: sequence.table)
      sequence.pending = sequence.pending.dropFirst(stretch.count)
      sequence.position = end
      rows -= stretch.count
      if sequence.pending.isEmpty {
        scored.append(batch.count - 1)
        finished.append(back.removeFirst())
      }
    }
    return finished
  }

  private mutating func retire(_ sequence: ActiveSequence) {
    pool.release(sequence.table)
    reserved -= sequence.reservation
    sequence.trajectory.stop = sequence.stop!
    sequence.trajectory.text = sequence.text(engine.tokenizer, stops)
    groups[sequence.prompt].trajectories[sequence.slot] = sequence.trajectory
    onEvent(.finished(prompt: sequence.prompt, trajectory: sequence.trajectory))
  }
}

extension Trajectory {
  /// Ends an episode before its first token.
  fileprivate mutating func fail(_ reason: String) {
    stop = .failed
    episode = EpisodeRecord()
    episode!.judgement = .failed(reason)
  }
}
