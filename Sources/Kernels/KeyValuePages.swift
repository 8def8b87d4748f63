import CKernels
import Tensors

/// Keys and values of cached positions, 16 to a page; a page holds those of all layers.
///
/// Sequences own pages through their table (``Span``), so two may share those of a common prefix.
/// Who holds which page is the caller's business. Kwon et al. 2023, "Efficient Memory Management
/// for Large Language Model Serving with PagedAttention" (arXiv:2309.06180).
public final class KeyValuePages: @unchecked Sendable {
  /// Positions in a page.
  public static let pageSize = TK_PAGE

  public private(set) var pageCount: Int
  public let layerCount: Int
  /// Key/value heads, and channels of each.
  public let heads: Int
  public let width: Int
  private var storage: Storage<Float>

  public init(pageCount: Int, layers: Int, heads: Int, width: Int) {
    precondition(
      pageCount >= 0 && layers > 0 && heads > 0 && width > 0,
      "\(pageCount) pages of \(layers) layers, \(heads) heads of \(width)")
    (self.pageCount, layerCount, self.heads, self.width) = (pageCount, layers, heads, width)
    // Memory that no position was written to is never read, so it need not be touched.
    storage = Storage(pageCount * layers * Self.layerFloats(heads, width), zeroed: false)
  }

  /// Floats of one layer of one page.
  private static func layerFloats(_ heads: Int, _ width: Int) -> Int {
    2 * pageSize * heads * width
  }
  private var pageFloats: Int { layerCount * Self.layerFloats(heads, width) }

  public var byteCount: Int { storage.count * MemoryLayout<Float>.stride }

  /// One layer's keys and values, valid until the pages grow.
  public func layer(_ index: Int) -> LayerPages {
    precondition(index >= 0 && index < layerCount, "layer \(index) of \(layerCount)")
    let base = storage.pointer + index * Self.layerFloats(heads, width)
    return LayerPages(
      owner: storage, pageCount: pageCount,
      pages: tk_pages(
        base: base, page_stride: Int64(pageFloats), heads: Int64(heads), width: Int64(width)))
  }

  /// Makes room for `pageCount` pages, keeping what the present ones hold.
  public func grow(to pageCount: Int) {
    guard pageCount > self.pageCount else { return }
    let grown = Storage<Float>(pageCount * pageFloats, zeroed: false)
    grown.pointer.update(from: storage.pointer, count: storage.count)
    (storage, self.pageCount) = (grown, pageCount)
  }

  /// Copies all layers of a page, for a sequence that goes on from the middle of another's.
  public func copy(_ page: Int32, to other: Int32) {
    for page in [page, other] {
      precondition(page >= 0 && page < pageCount, "page \(page) of \(pageCount)")
    }
    (storage.pointer + Int(other) * pageFloats).update(
      from: storage.pointer + Int(page) * pageFloats, count: pageFloats)
  }
}

/// The keys and values of one layer in ``KeyValuePages``.
public struct LayerPages {
  let owner: Storage<Float>
  let pageCount: Int
  let pages: tk_pages

  var heads: Int { Int(pages.heads) }
  var width: Int { Int(pages.width) }

  /// Stores each row's key and value, normed and rotated, at its position.
  ///
  /// - Parameter keys, values: `[rows, heads * width]`, columns of one matrix.
  public func write(keys: Matrix, values: Matrix, spans: [Span]) {
    precondition(
      keys.columns == heads * width && values.columns == keys.columns && keys.rows == values.rows,
      """
      keys [\(keys.rows), \(keys.columns)] and values [\(values.rows), \(values.columns)] for \
      \(heads) heads of \(width)
      """)
    precondition(
      keys.stride == values.stride,
      "keys and values of strides \(keys.stride) and \(values.stride)")
    spans.check(rows: keys.rows)
    check(spans)
    withUnsafePointer(to: pages) { pages in
      spans.withKernelSpans { spans, count in
        tk_pages_write(pages, spans, count, keys.base, values.base, Int64(keys.stride))
      }
    }
  }

  /// Refuses tables that are too short, or that name pages which do not exist.
  func check(_ spans: [Span]) {
    for span in spans {
      let end = span.position + span.rows
      precondition(
        span.table.count * KeyValuePages.pageSize >= end,
        "\(span.table.count) pages for positions up to \(end)")
      precondition(
        span.table.count == 0 || span.pages.lowerBound >= 0 && span.pages.upperBound < pageCount,
        "pages \(span.pages) in a table, of \(pageCount)")
    }
  }
}
