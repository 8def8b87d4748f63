import JSON

/// An evaluation as a description file fixes it: data, wording, sampling, and who judges how.
public struct Suite: Sendable {
  public enum Source: Sendable {
    /// A file of others.
    case file(DataFile, rows: Int)
    /// Rows that temper makes: a generator's name and settings.
    case generated(name: String, settings: JSONLiteral)
  }

  /// What of sampling the suite decides unless the user does; `nil` leaves temper's default.
  public struct Sampling: Sendable, Equatable {
    public var greedy: Bool?
    public var samples: Int?
    public var temperature: Double?
    public var topP: Double?
    public var topK: Int?
    public var maximumNewTokens: Int?
    public var stop: [String] = []
  }

  public let name: String
  public let summary: String
  public let source: Source
  public let split: String
  /// `problem=question`: what the rows call things.
  public let fields: [String]
  /// The id of the wording in `evals/templates`.
  public let template: String
  public let sampling: Sampling
  /// Who judges, as in a configuration file: a name, or an object with `name` and `config`.
  public let verifier: JSONLiteral
  /// Who says whether two answers are the same; `nil` for the same text.
  public let equality: JSONLiteral?
  /// The headline's first.
  public let protocols: [AnswerProtocol]
  /// Keys of rows by whose values scores are given apart.
  public let groups: [String]

  /// - Parameter file: the file's name, for errors.
  public init(_ literal: JSONLiteral, file: String) throws(DescriptionError) {
    let reader = try DescriptionReader(
      literal, place: file,
      known: [
        "name", "summary", "data", "generator", "fields", "template", "sampling", "verifier",
        "equality", "protocols", "groups",
      ])
    name = try reader.string("name")
    summary = try reader.string("summary")
    fields = try reader.strings("fields")
    template = try reader.string("template")
    groups = try reader.strings("groups")
    sampling = try Sampling(reader.value("sampling") ?? .object([]), place: "\(file): sampling")
    guard let verifier = reader.value("verifier") else {
      throw reader.refusal("verifier", "a verifier's name, or its name and config")
    }
    self.verifier = verifier
    equality = reader.value("equality")
    protocols = try reader.strings("protocols").map { name throws(DescriptionError) in
      do { return try AnswerProtocol.named(name) } catch {
        throw DescriptionError("\(file): protocols: \(error)")
      }
    }
    guard !protocols.isEmpty else {
      throw reader.refusal("protocols", "a list, the headline's first")
    }
    switch (reader.value("data"), reader.value("generator")) {
    case (let data?, nil):
      let data = try DescriptionReader(
        data, place: "\(file): data", known: ["split", "rows"] + DataFile.keys)
      split = try data.string("split")
      guard let rows = try data.optionalCount("rows") else {
        throw data.refusal("rows", "a number")
      }
      source = .file(try DataFile(data), rows: rows)
    case (nil, .object(let members)?):
      guard case .string(let name)? = JSONLiteral.object(members)["name"] else {
        throw reader.refusal("generator", "a generator's name and its settings")
      }
      split = "generated"
      source = .generated(name: name, settings: .object(members.filter { $0.key != "name" }))
    default:
      throw DescriptionError("\(file): needs either 'data', a file, or 'generator'")
    }
  }
}

extension Suite.Sampling {
  fileprivate init(_ literal: JSONLiteral, place: String) throws(DescriptionError) {
    let reader = try DescriptionReader(
      literal, place: place,
      known: [
        "greedy", "samples", "temperature", "top_p", "top_k", "max_new_tokens", "stop",
      ])
    greedy = try reader.optionalBool("greedy")
    samples = try reader.optionalCount("samples")
    temperature = try reader.optionalNumber("temperature")
    topP = try reader.optionalNumber("top_p")
    topK = try reader.optionalCount("top_k")
    maximumNewTokens = try reader.optionalCount("max_new_tokens")
    stop = try reader.strings("stop")
  }
}
