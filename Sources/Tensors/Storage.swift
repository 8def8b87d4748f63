import Foundation

/// One owned, 64-byte aligned block of numbers, zero at first.
///
/// The engine's only memory: kernels take its pointer, views (``Matrix``) borrow from it, and
/// whoever holds the storage keeps it alive. Sharing between threads is the holder's business.
public final class Storage<Element: BitwiseCopyable>: @unchecked Sendable {
  public let pointer: UnsafeMutablePointer<Element>
  public let count: Int

  /// - Parameter zeroed: `false` leaves the contents undefined, for memory that is written first.
  public init(_ count: Int, zeroed: Bool = true) {
    precondition(count >= 0, "storage of \(count) elements")
    let bytes = max(count, 1) * MemoryLayout<Element>.stride
    let raw: UnsafeMutableRawPointer
    if zeroed, bytes >= Self.mappedBytes {
      // Fresh pages are zero, and cost nothing until they are touched.
      raw = mmap(
        nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
      precondition(raw != MAP_FAILED, "no memory for \(bytes) bytes")
      mapped = bytes
    } else {
      raw = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
      if zeroed { memset(raw, 0, bytes) }
      mapped = nil
    }
    pointer = raw.bindMemory(to: Element.self, capacity: max(count, 1))
    self.count = count
  }

  /// From this size on, zeroed memory comes from the system page by page.
  private static var mappedBytes: Int { 1 << 20 }
  /// The bytes of the mapping, where there is one.
  private let mapped: Int?

  public convenience init(_ elements: some Collection<Element>) {
    self.init(elements.count, zeroed: false)
    _ = UnsafeMutableBufferPointer(start: pointer, count: count).initialize(from: elements)
  }

  deinit {
    if let mapped {
      munmap(pointer, mapped)
    } else {
      UnsafeMutableRawPointer(pointer).deallocate()
    }
  }

  public subscript(index: Int) -> Element {
    get {
      precondition(index >= 0 && index < count, "index \(index) is outside 0..<\(count)")
      return pointer[index]
    }
    set {
      precondition(index >= 0 && index < count, "index \(index) is outside 0..<\(count)")
      pointer[index] = newValue
    }
  }

  public var array: [Element] { Array(UnsafeBufferPointer(start: pointer, count: count)) }

  public func zero() {
    memset(pointer, 0, count * MemoryLayout<Element>.stride)
  }

  public func copy() -> Storage {
    let other = Storage(count, zeroed: false)
    memcpy(other.pointer, pointer, count * MemoryLayout<Element>.stride)
    return other
  }
}

extension Storage where Element == Float {
  /// A `[rows, columns]` view from `offset` on.
  public func matrix(rows: Int, columns: Int, offset: Int = 0) -> Matrix {
    precondition(
      offset >= 0 && rows >= 0 && columns >= 0 && offset + rows * columns <= count,
      "a [\(rows), \(columns)] view at \(offset) does not fit in \(count) elements")
    return Matrix(
      base: pointer + offset, rows: rows, columns: columns, stride: columns, owner: self)
  }
}

/// A float32 view `[rows, columns]`, row-major with `stride` elements between rows. It keeps the
/// ``Storage`` that it came from alive.
public struct Matrix: @unchecked Sendable {
  public let base: UnsafeMutablePointer<Float>
  public let rows: Int
  public let columns: Int
  public let stride: Int
  private let owner: (any AnyObject)?

  /// - Parameter owner: what `base` belongs to; `nil` where the caller keeps the memory.
  public init(
    base: UnsafeMutablePointer<Float>, rows: Int, columns: Int, stride: Int,
    owner: (any AnyObject)? = nil
  ) {
    precondition(stride >= columns, "a stride of \(stride) under \(columns) columns")
    (self.base, self.rows, self.columns, self.stride) = (base, rows, columns, stride)
    self.owner = owner
  }

  /// The columns `range`, sharing memory.
  public func columns(_ range: Range<Int>) -> Matrix {
    precondition(
      range.lowerBound >= 0 && range.upperBound <= columns, "columns \(range) of \(columns)")
    return Matrix(
      base: base + range.lowerBound, rows: rows, columns: range.count, stride: stride,
      owner: owner)
  }

  /// The rows `range`, sharing memory.
  public func rows(_ range: Range<Int>) -> Matrix {
    precondition(range.lowerBound >= 0 && range.upperBound <= rows, "rows \(range) of \(rows)")
    return Matrix(
      base: base + range.lowerBound * stride, rows: range.count, columns: columns, stride: stride,
      owner: owner)
  }

  public subscript(row: Int, column: Int) -> Float {
    get {
      precondition(row >= 0 && row < rows && column >= 0 && column < columns)
      return base[row * stride + column]
    }
    nonmutating set {
      precondition(row >= 0 && row < rows && column >= 0 && column < columns)
      base[row * stride + column] = newValue
    }
  }
}
