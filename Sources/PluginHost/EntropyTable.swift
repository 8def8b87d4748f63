import CPluginABI
import EntropyControl

extension temper_entropy {
  /// The functions that an instance's table has, those beyond its end as NULL: a table may be
  /// older, and so shorter, than this host's.
  init(of instance: PluginInstance, _ info: PluginInfo) throws(PluginHostError) {
    guard let table = instance.table(TEMPER_ENTROPY, as: temper_entropy.self) else {
      throw .malformed(
        path: info.place, reason: "'\(info.name)' serves no table '\(TEMPER_ENTROPY)'")
    }
    let size = min(Int(table.pointee.size), MemoryLayout<temper_entropy>.size)
    self.init()
    withUnsafeMutableBytes(of: &self) { whole in
      let known = UnsafeRawBufferPointer(start: table, count: size / 8 * 8)
      whole.copyBytes(from: known)
    }
    guard describe != nil else {
      throw .malformed(
        path: info.place,
        reason: "the table '\(TEMPER_ENTROPY)' of '\(info.name)' lacks 'describe'")
    }
  }

  /// What an instance asks for.
  func needs(
    of instance: PluginInstance, _ info: PluginInfo
  ) throws(PluginHostError) -> InterventionNeeds {
    var asked = temper_entropy_needs()
    asked.size = UInt32(MemoryLayout<temper_entropy_needs>.size)
    asked.stage = TEMPER_STAGE_ADDITIONS
    var error = temper_error()
    let status = describe(instance.pointer, &asked, &error)
    guard status == TEMPER_OK else {
      throw .notCreated(name: info.name, reason: error.text(status))
    }
    func broken(_ reason: String) -> PluginHostError {
      .malformed(path: info.place, reason: "'\(info.name)' \(reason)")
    }
    guard let stage = InterventionNeeds.Stage(asked.stage) else {
      throw broken("asks for the stage \(asked.stage.rawValue), which there is not")
    }
    func has(_ flag: Int) -> Bool { Int(asked.flags) & flag != 0 }
    let known =
      TEMPER_NEEDS_OLD_ROWS | TEMPER_NEEDS_CURRENT_ROWS | TEMPER_NEEDS_REFERENCE
      | TEMPER_REPLACES_BASE
    guard Int(asked.flags) & ~known == 0 else {
      throw broken("asks for what this temper, of plugin ABI \(hostABI), does not have")
    }
    var needs = InterventionNeeds(stage: stage)
    needs.oldRows = has(TEMPER_NEEDS_OLD_ROWS)
    needs.currentRows = has(TEMPER_NEEDS_CURRENT_ROWS)
    needs.reference = has(TEMPER_NEEDS_REFERENCE)
    needs.replacesBase = has(TEMPER_REPLACES_BASE)
    needs.observed = Int(asked.observed)
    let seesRows = needs.oldRows || needs.currentRows
    guard !seesRows || observe != nil else {
      throw broken("asks to see rows, and has no function 'observe'")
    }
    guard seesRows || needs.observed == 0 else {
      throw broken("notes \(needs.observed) floats of a row, and asks for neither old nor current")
    }
    return needs
  }
}

extension InterventionNeeds.Stage {
  init?(_ stage: temper_stage) {
    switch stage {
    case TEMPER_STAGE_ADVANTAGES: self = .advantages
    case TEMPER_STAGE_MASKS: self = .masks
    case TEMPER_STAGE_WEIGHTS: self = .weights
    case TEMPER_STAGE_ADDITIONS: self = .additions
    default: return nil
    }
  }
}
