import Foundation
import JSON
import Verifiers

/// The plugins that can be had: those of the search path, and the verifiers that are built in.
public struct PluginCatalog: Sendable {
  /// The folders and files that were looked in, in order.
  public let searchPath: [String]
  /// What was found, by name.
  public let plugins: [PluginInfo]
  /// What claims to be a plugin and cannot be used; no reason not to use the others.
  public let problems: [PluginHostError]

  let loaded: [LoadedPlugin]

  /// Opens every plugin of a search path.
  ///
  /// In a folder, files named `lib*.so` that speak of the entry symbol are opened, all others are
  /// left alone. A library found twice, through a link or a repeated folder, counts once.
  ///
  /// - Parameter searchPath: folders, and files that have to be plugins. What does not exist is
  ///   left out.
  public init(searchPath: [String] = PluginCatalog.standardSearchPath()) {
    self.searchPath = searchPath
    var loaded: [LoadedPlugin] = []
    var problems: [PluginHostError] = []
    var seen: Set<String> = []
    for path in searchPath.flatMap(Self.libraries) {
      guard seen.insert(Self.resolved(path)).inserted else { continue }
      do throws(PluginHostError) { loaded += try PluginLibrary(path: path).plugins } catch {
        problems.append(error)
      }
    }
    self.loaded = loaded
    self.problems = problems
    let builtIn = ConfiguredVerifier.allCases.map(PluginInfo.init)
    plugins = (loaded.map(\.info) + builtIn).sorted { ($0.name, $0.id) < ($1.name, $1.id) }
  }

  /// `TEMPER_PLUGIN_PATH` (folders and files with colons between), the executable's folder, and
  /// `../lib/temper/plugins` beside it.
  public static func standardSearchPath(
    environment: [String: String] = ProcessInfo.processInfo.environment,
    executable: URL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
  ) -> [String] {
    let named = environment["TEMPER_PLUGIN_PATH"] ?? ""
    let folder = executable.deletingLastPathComponent()
    return named.split(separator: ":").map(String.init) + [
      folder.path, folder.deletingLastPathComponent().appending(path: "lib/temper/plugins").path,
    ]
  }

  /// The plugin called `name`: the last part of its id, or the id.
  ///
  /// - Parameter kind: plugins of other kinds may have the same name; `nil` for any kind.
  /// - Throws: ``PluginHostError/duplicate(name:places:)``,
  ///   ``PluginHostError/otherKind(name:kind:wanted:)`` or
  ///   ``PluginHostError/unknown(name:known:searched:problems:)``.
  public func plugin(
    named name: String, kind: PluginKind? = nil
  ) throws(PluginHostError) -> PluginInfo {
    let candidates = plugins.filter { kind == nil || $0.kind == kind!.table }
    let matches = candidates.filter { $0.name == name || $0.id == name }
    guard matches.count < 2 else {
      throw .duplicate(name: name, places: matches.map(\.place))
    }
    if let match = matches.first { return match }
    if let kind, let other = plugins.first(where: { $0.name == name || $0.id == name }) {
      throw .otherKind(name: other.name, kind: other.kind, wanted: kind.table)
    }
    throw .unknown(
      name: name, known: candidates.map(\.name), searched: searchPath,
      problems: problems.map(\.description))
  }

  /// What `temper plugins info` shows: the plugin of a name, one for each kind that has it, or all
  /// plugins of a library that is given by its path.
  public func describe(_ name: String) throws(PluginHostError) -> [PluginInfo] {
    let request = PluginRequest(name: name)
    guard request.isPath else {
      let matches = plugins.filter { $0.name == name || $0.id == name }
      let areApart = Set(matches.map(\.kind)).count == matches.count
      return matches.count > 1 && areApart ? matches : [try plugin(named: name)]
    }
    return try PluginLibrary(path: request.path).plugins.map(\.info)
  }

  /// What the plugin that a request names is.
  public func kind(of request: PluginRequest) throws(PluginHostError) -> PluginKind {
    let found = try describe(request.name)
    guard found.count < 2 else {
      throw request.isPath
        ? .several(path: request.path, names: found.map(\.name))
        : .duplicate(name: request.name, places: found.map(\.place))
    }
    guard let info = found.first else {
      throw .malformed(path: request.path, reason: "it holds no plugin")
    }
    guard let kind = PluginKind(table: info.kind) else {
      throw .unknownKind(name: info.name, kind: info.kind)
    }
    return kind
  }

  /// The whole configuration of what a request asks for, without making it.
  public func configuration(
    of request: PluginRequest, kind: PluginKind,
    _ surroundings: PluginSurroundings = PluginSurroundings()
  ) throws(PluginHostError) -> JSONLiteral {
    try plugin(for: request, kind: kind).info.resolve(request, surroundings)
  }

  /// The plugin of a library that a request asks for: by its name, or by the library's path where
  /// that holds one plugin.
  ///
  /// - Throws: ``PluginHostError``, also where the plugin is of another kind.
  func plugin(
    for request: PluginRequest, kind: PluginKind
  ) throws(PluginHostError) -> LoadedPlugin {
    guard request.isPath else {
      let info = try plugin(named: request.name, kind: kind)
      return loaded.first { $0.info == info }!
    }
    let plugins = try PluginLibrary(path: request.path).plugins
    guard let only = plugins.first else {
      throw .malformed(path: request.path, reason: "it holds no plugin")
    }
    guard plugins.count == 1 else {
      throw .several(path: request.path, names: plugins.map(\.info.name))
    }
    guard only.info.kind == kind.table else {
      throw .otherKind(name: only.info.name, kind: only.info.kind, wanted: kind.table)
    }
    return only
  }

  /// The files of one entry of the search path that may be plugins.
  private static func libraries(in entry: String) -> [String] {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: entry, isDirectory: &isFolder) else { return [] }
    guard isFolder.boolValue else { return [entry] }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: entry)) ?? []
    return names.sorted().filter { $0.hasPrefix("lib") && $0.hasSuffix(".so") }
      .map { "\(entry)/\($0)" }.filter(mentionsEntry)
  }

  /// True if the file holds the entry symbol's name: opening a library runs its initializers, so
  /// strangers in a folder are not opened.
  private static func mentionsEntry(_ path: String) -> Bool {
    guard let data = try? Data(contentsOf: URL(filePath: path), options: .alwaysMapped) else {
      return false
    }
    return data.range(of: Data("temper_plugin_entry".utf8)) != nil
  }

  private static func resolved(_ path: String) -> String {
    URL(filePath: path).resolvingSymlinksInPath().path
  }
}

extension PluginInfo {
  init(_ verifier: ConfiguredVerifier) {
    self.init(
      id: "temper.\(verifier.rawValue)", version: "1.0.0", kind: "temper.verifier/1",
      summary: verifier.summary, defaults: verifier.defaults, path: nil)
  }
}
