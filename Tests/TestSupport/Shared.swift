import Foundation
import Testing

/// The folder of golden values and real models that stands beside a checkout, where there is one.
public enum Shared {
  /// `../shared` beside the package, or `TEMPER_SHARED`; `nil` where neither is a folder.
  public static let root: URL? = {
    let package = URL(filePath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let named = ProcessInfo.processInfo.environment["TEMPER_SHARED"].map { URL(filePath: $0) }
    let candidates = [named, package.deletingLastPathComponent().appending(path: "shared")]
    return candidates.compactMap(\.self).first {
      FileManager.default.fileExists(atPath: $0.appending(path: "golden").path)
    }
  }()

  public static var isPresent: Bool { root != nil }

  /// For `.enabled(if: Shared.isPresent, Shared.absence)`.
  public static let absence = Comment(
    "skipped: ../shared (golden values, real models) is not beside this checkout")

  public static func url(_ path: String) -> URL { root!.appending(path: path) }
}
