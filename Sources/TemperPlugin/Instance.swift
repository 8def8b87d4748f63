import CPluginABI
import FoundationEssentials

/// What stands behind a `temper_instance`, one subclass a kind.
class Instance {
  static func at(_ pointer: OpaquePointer?) -> Self {
    let object = Unmanaged<AnyObject>.fromOpaque(UnsafeRawPointer(pointer!)).takeUnretainedValue()
    return unsafeDowncast(object, to: Self.self)
  }

  /// Everything that a later call depends on.
  func save() throws -> Data { Data() }
  func load(_ state: Data) throws {}
}

/// The kinds of plugin, and what each serves.
enum PluginKind {
  case verifier(any Verifier.Type)
  case entropy(any EntropyIntervention.Type)
  case prompts(any PromptPool.Type)
  case environment(any Environment.Type)
  case detector(any Detector.Type)

  /// `nil` for a type that is a ``Plugin`` and nothing more.
  init?(_ type: any Plugin.Type) {
    if let type = type as? any Verifier.Type {
      self = .verifier(type)
    } else if let type = type as? any EntropyIntervention.Type {
      self = .entropy(type)
    } else if let type = type as? any PromptPool.Type {
      self = .prompts(type)
    } else if let type = type as? any Environment.Type {
      self = .environment(type)
    } else if let type = type as? any Detector.Type {
      self = .detector(type)
    } else {
      return nil
    }
  }

  var id: String {
    switch self {
    case .verifier: TEMPER_VERIFIER
    case .entropy: TEMPER_ENTROPY
    case .prompts: TEMPER_PROMPTS
    case .environment: TEMPER_ENVIRONMENT
    case .detector: TEMPER_DETECTOR
    }
  }

  func table(_ id: String) -> UnsafeRawPointer? {
    switch (self, id) {
    case (.verifier, TEMPER_VERIFIER): UnsafeRawPointer(verifierTable)
    case (.entropy, TEMPER_ENTROPY): UnsafeRawPointer(entropyTable)
    case (.prompts, TEMPER_PROMPTS): UnsafeRawPointer(promptsTable)
    case (.environment, TEMPER_ENVIRONMENT): UnsafeRawPointer(environmentTable)
    case (.detector, TEMPER_DETECTOR): UnsafeRawPointer(detectorTable)
    case (.entropy(let type), TEMPER_STATE) where type.remembers: UnsafeRawPointer(stateTable)
    case (.detector(let type), TEMPER_STATE) where type.remembers: UnsafeRawPointer(stateTable)
    default: nil
    }
  }

  func make(_ configuration: Data, _ host: Host) throws -> Instance {
    switch self {
    case .verifier(let type): try VerifierInstance(type, configuration, host)
    case .entropy(let type): try makeInstance(of: type, configuration, host)
    case .prompts(let type): try PromptPoolInstance(type, configuration, host)
    case .environment(let type): try makeInstance(of: type, configuration, host)
    case .detector(let type): try makeInstance(of: type, configuration, host)
    }
  }
}

private func makeInstance<P: EntropyIntervention>(
  of type: P.Type, _ configuration: Data, _ host: Host
) throws -> Instance {
  EntropyInstanceOf(try P(.decoded(from: configuration), host: host))
}

private func makeInstance<P: Environment>(
  of type: P.Type, _ configuration: Data, _ host: Host
) throws -> Instance {
  EnvironmentInstanceOf(try P(.decoded(from: configuration), host: host))
}

private func makeInstance<P: Detector>(
  of type: P.Type, _ configuration: Data, _ host: Host
) throws -> Instance {
  DetectorInstanceOf(try P(.decoded(from: configuration), host: host))
}

/// The `temper.state/1` table of every Swift plugin that remembers.
nonisolated(unsafe) private let stateTable = permanent(
  temper_state(
    size: size(of: temper_state.self),
    save: { instance, out, error in
      report(to: error) {
        try Instance.at(instance).save().withUnsafeBytes { bytes in
          out.write(
            out.context, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count)
        }
      }
    },
    load: { instance, state, error in
      report(to: error) { try Instance.at(instance).load(Data(state.bytes)) }
    }))

extension PluginState {
  /// JSON with the keys in order, and texts for the numbers that JSON lacks.
  func json() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return try encoder.encode(self)
  }

  static func decoded(from json: Data) throws -> Self {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    do { return try decoder.decode(Self.self, from: json) } catch {
      throw PluginError.invalidInput(
        "the saved state does not fit this version of the plugin: \(error)")
    }
  }
}
