import Foundation

/// Where the header, its Swift face and the examples are.
public enum PluginSDK {
  /// `TEMPER_SDK`, else `../share/temper/sdk` beside the executable's folder, else `plugins/sdk` in a folder
  /// above the executable: the source tree that it was built in.
  ///
  /// - Throws: ``PluginTemplateError/noSDK(searched:)``
  public static func folder(
    environment: [String: String] = ProcessInfo.processInfo.environment,
    executable: URL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
  ) throws(PluginTemplateError) -> URL {
    var candidates: [URL] = []
    if let named = environment["TEMPER_SDK"], !named.isEmpty {
      candidates = [URL(filePath: named).standardizedFileURL]
    } else {
      var folder = executable.deletingLastPathComponent()
      candidates = [folder.deletingLastPathComponent().appending(path: "share/temper/sdk")]
      while folder.path != "/" {
        folder = folder.deletingLastPathComponent()
        candidates.append(folder.appending(path: "plugins/sdk"))
      }
    }
    let found = candidates.first {
      FileManager.default.fileExists(atPath: $0.appending(path: "Sources/TemperPlugin").path)
    }
    guard let found else { throw .noSDK(searched: candidates.map(\.path)) }
    return found
  }
}
