import Evaluation
import Foundation
import Spelling

/// Where the description files of suites and templates are.
struct SuiteCatalog {
  /// Folders that hold `<suite>/suite.yaml` and `templates/<id>.yaml`, in order.
  let folders: [URL]

  /// The folder of a suite that is given by its path, `TEMPER_EVALS` (folders with colons between),
  /// `evals` here, beside or above the executable, and `../share/temper/evals` beside it.
  ///
  /// - Parameter suite: as it is given, by name or path.
  init(
    suite: String? = nil, environment: [String: String] = ProcessInfo.processInfo.environment,
    executable: URL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
  ) {
    let named = (environment["TEMPER_EVALS"] ?? "").split(separator: ":").map {
      URL(filePath: "\($0)")
    }
    // The build folder stands a few levels below the sources.
    let above = sequence(first: executable.deletingLastPathComponent()) {
      $0.path == "/" ? nil : $0.deletingLastPathComponent()
    }
    let own = suite.flatMap { Self.file(ofPath: $0) }.map {
      $0.deletingLastPathComponent().deletingLastPathComponent()
    }
    let places =
      (own.map { [$0] } ?? []) + named + [URL(filePath: "evals")]
      + above.prefix(5).map { $0.appending(path: "evals") }
      + [executable.deletingLastPathComponent().appending(path: "../share/temper/evals")]
    folders = places.filter {
      FileManager.default.fileExists(atPath: $0.appending(path: "templates").path)
    }
  }

  /// The names of all suites.
  var names: [String] {
    let names = folders.flatMap { folder in
      ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).filter {
        FileManager.default.fileExists(atPath: folder.appending(path: "\($0)/suite.yaml").path)
      }
    }
    return Set(names).sorted()
  }

  /// - Parameter name: a suite's name, or the path of its folder or file.
  func suite(named name: String) throws -> Suite {
    if let file = Self.file(ofPath: name) { return try Suite(YAMLFile.read(file), file: name) }
    let file = try find("\(name)/suite.yaml", name: name, what: "suite", among: names)
    return try Suite(YAMLFile.read(file), file: "evals/\(name)/suite.yaml")
  }

  /// The description that a path leads to; `nil` for a name.
  private static func file(ofPath name: String) -> URL? {
    guard name.contains("/") || name.hasSuffix(".yaml") else { return nil }
    let path = URL(filePath: name)
    return name.hasSuffix(".yaml") ? path : path.appending(path: "suite.yaml")
  }

  /// - Parameter id: a template's id, or the path of its file.
  func template(_ id: String) throws -> TemplateDescription {
    if id.hasSuffix(".yaml") {
      return try TemplateDescription(YAMLFile.read(URL(filePath: id)), file: id)
    }
    let known = folders.flatMap { folder in
      ((try? FileManager.default.contentsOfDirectory(
        atPath: folder.appending(path: "templates").path)) ?? [])
        .filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(5)) }
    }
    let file = try find(
      "templates/\(id).yaml", name: id, what: "template", among: Set(known).sorted())
    return try TemplateDescription(YAMLFile.read(file), file: "evals/templates/\(id).yaml")
  }

  private func find(
    _ path: String, name: String, what: String, among known: [String]
  ) throws -> URL {
    guard !folders.isEmpty else {
      throw DescriptionError(
        """
        the description files of suites are not here: there is no folder 'evals' in this folder \
        nor beside temper; name it with TEMPER_EVALS
        """)
    }
    let files = folders.map { $0.appending(path: path) }
    guard let file = files.first(where: { FileManager.default.fileExists(atPath: $0.path) }) else {
      throw UnknownDescription(what: what, name: name, known: known)
    }
    return file
  }
}

/// A suite or a template that is not there.
struct UnknownDescription: Error, CustomStringConvertible {
  let what: String
  let name: String
  let known: [String]

  var description: String {
    "there is no \(what) '\(name)'"
      + (nearestName(to: name, among: known).map { "; did you mean '\($0)'?" }
        ?? "; there are \(known.joined(separator: ", "))")
  }
}
