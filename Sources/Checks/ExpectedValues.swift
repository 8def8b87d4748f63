import Foundation
import JSON

/// `path` itself, or the file of that name in the folder `path`.
func expectedValues(_ path: URL, named name: String) throws -> URL {
  var isFolder: ObjCBool = false
  guard FileManager.default.fileExists(atPath: path.path, isDirectory: &isFolder) else {
    throw CheckError("\(path.path): there is no such file or folder")
  }
  return isFolder.boolValue ? path.appending(path: name) : path
}

/// The numbers of nested arrays in their order; NaN where one is null.
func flattened(_ json: JSON) -> [Double] {
  if let elements = json.array { return elements.flatMap(flattened) }
  if let flag = json.bool { return [flag ? 1 : 0] }
  return [json.double ?? .nan]
}
