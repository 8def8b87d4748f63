import CPluginABI
import Detectors

extension temper_detector {
  /// The functions that an instance's table has, those beyond its end as NULL: a table may be
  /// older, and so shorter, than this host's.
  init(of instance: PluginInstance, _ info: PluginInfo) throws(PluginHostError) {
    guard let table = instance.table(TEMPER_DETECTOR, as: temper_detector.self) else {
      throw .malformed(
        path: info.place, reason: "'\(info.name)' serves no table '\(TEMPER_DETECTOR)'")
    }
    let size = min(Int(table.pointee.size), MemoryLayout<temper_detector>.size)
    self.init()
    withUnsafeMutableBytes(of: &self) { whole in
      let known = UnsafeRawBufferPointer(start: table, count: size / 8 * 8)
      whole.copyBytes(from: known)
    }
    guard describe != nil, detect != nil else {
      throw .malformed(
        path: info.place,
        reason: """
          the table '\(TEMPER_DETECTOR)' of '\(info.name)' lacks \
          '\(describe == nil ? "describe" : "detect")'
          """)
    }
  }

  /// What an instance asks for.
  func needs(
    of instance: PluginInstance, _ info: PluginInfo
  ) throws(PluginHostError) -> DetectorNeeds {
    var asked = temper_detector_needs()
    asked.size = UInt32(MemoryLayout<temper_detector_needs>.size)
    var error = temper_error()
    let status = describe(instance.pointer, &asked, &error)
    guard status == TEMPER_OK else {
      throw .notCreated(name: info.name, reason: error.text(status))
    }
    func broken(_ reason: String) -> PluginHostError {
      .malformed(path: info.place, reason: "'\(info.name)' \(reason)")
    }
    func has(_ flag: Int) -> Bool { Int(asked.flags) & flag != 0 }
    let known =
      TEMPER_WANTS_TOKENS | TEMPER_WANTS_OUTCOMES | TEMPER_WANTS_NORMS | TEMPER_WANTS_VIEWS
      | TEMPER_WANTS_ATTENTION | TEMPER_WANTS_LOGITS | TEMPER_WANTS_LOGIT_CHANGE
    let events = DetectionEvent.allCases.filter { asked.events & 1 << UInt32($0.rawValue) != 0 }
    guard Int(asked.flags) & ~known == 0,
      asked.events >> UInt32(DetectionEvent.allCases.count) == 0
    else {
      throw broken("asks for what this temper, of plugin ABI \(hostABI), does not have")
    }
    guard !events.isEmpty else { throw broken("asks for no event, and would never be called") }
    var needs = DetectorNeeds()
    needs.events = Set(events)
    needs.tokens = has(TEMPER_WANTS_TOKENS)
    needs.outcomes = has(TEMPER_WANTS_OUTCOMES)
    needs.norms = has(TEMPER_WANTS_NORMS)
    needs.views = has(TEMPER_WANTS_VIEWS)
    needs.attention = has(TEMPER_WANTS_ATTENTION)
    needs.logits = has(TEMPER_WANTS_LOGITS)
    needs.logitChange = has(TEMPER_WANTS_LOGIT_CHANGE)
    needs.every = max(1, Int(asked.every))
    needs.seesRows = asked.sees_rows != 0
    needs.observed = Int(asked.observed)
    needs.rows = Int(asked.rows)
    needs.spike = asked.spike > 0 && asked.spike.isFinite ? asked.spike : nil
    guard !needs.seesRows || observe != nil else {
      throw broken("asks to see rows, and has no function 'observe'")
    }
    guard needs.seesRows || needs.observed == 0 else {
      throw broken("notes \(needs.observed) floats of a row, and asks to see none")
    }
    guard !(needs.logits || needs.logitChange) || needs.rows > 0 else {
      throw broken("asks for logits of no row")
    }
    return needs
  }
}
