import CKernels
import Tensors

/// What one layer's attention looks like.
public struct AttentionOptions: Sendable {
  /// Query heads; each run of `heads / keyValueHeads` shares a key/value head.
  public var heads: Int
  /// Position `i` sees `j` with `i - window < j <= i`; `nil` for all up to `i`.
  public var window: Int?
  /// Multiplies scores.
  public var scale: Float
  /// Then `c tanh(score / c)`, before the mask; `nil` for none.
  public var softcap: Float?

  public init(heads: Int, window: Int? = nil, scale: Float, softcap: Float? = nil) {
    (self.heads, self.window, self.scale, self.softcap) = (heads, window, scale, softcap)
  }

  fileprivate func code(keyValueHeads: Int) -> tk_attention {
    precondition(
      heads > 0 && keyValueHeads > 0 && heads % keyValueHeads == 0,
      "\(heads) query heads for \(keyValueHeads) key/value heads")
    precondition(window ?? 1 > 0, "a window of \(window ?? 0)")
    precondition(softcap ?? 1 > 0, "a softcap of \(softcap ?? 0)")
    return tk_attention(
      heads: Int64(heads), window: Int64(window ?? 0), scale: scale, softcap: softcap ?? 0)
  }
}

/// Causal softmax attention with grouped heads.
///
/// Vaswani et al. 2017, "Attention Is All You Need" (arXiv:1706.03762); Ainslie et al. 2023, "GQA"
/// (arXiv:2305.13245). A row's result depends on its own sequence's keys up to its position and on
/// nothing else, to the bit: not on the batch, on how the sequence is cut into spans, on threads
/// or on the instruction set.
public enum Attention {
  /// - Parameters:
  ///   - queries: `[rows, heads * width]`, normed and rotated.
  ///   - pages: with the rows' own keys and values already written.
  ///   - output: `[rows, heads * width]`.
  ///   - lse: `[rows, heads]`, tight: the log of each query's sum of exponentials, kept for the
  ///     backward pass.
  public static func forward(
    queries: Matrix, pages: LayerPages, spans: [Span], _ options: AttentionOptions,
    into output: Matrix, lse: Matrix? = nil
  ) {
    let code = options.code(keyValueHeads: pages.heads)
    check(queries, columns: options.heads * pages.width, "queries")
    check(output, columns: options.heads * pages.width, rows: queries.rows, "output")
    if let lse { check(lse: lse, rows: queries.rows, options) }
    spans.check(rows: queries.rows)
    pages.check(spans)
    withUnsafePointer(to: code) { code in
      withUnsafePointer(to: pages.pages) { pages in
        spans.withKernelSpans { spans, count in
          tk_attention_forward(
            output.base, Int64(output.stride), lse?.base, queries.base, Int64(queries.stride),
            pages, spans, count, code)
        }
      }
    }
  }

  /// The gradient of whole sequences: a span from position 0 on, and behind it those that each go
  /// on from its end, as completions of one prompt do.
  ///
  /// Dao et al. 2022, "FlashAttention" (arXiv:2205.14135): probabilities are recomputed from `lse`,
  /// block by block.
  ///
  /// - Parameters:
  ///   - dOutput: `[rows, heads * width]`.
  ///   - queryKeyValue: `[rows, (heads + 2 * keyValueHeads) * width]`, as the forward saw them.
  ///   - output, lse: as the forward gave them; `output` has the stride of `dOutput`.
  ///   - dQueryKeyValue: of the shape of `queryKeyValue`, overwritten.
  public static func backward(
    _ dOutput: Matrix, queryKeyValue: Matrix, output: Matrix, lse: Matrix, spans: [Span],
    keyValueHeads: Int, _ options: AttentionOptions, into dQueryKeyValue: Matrix
  ) {
    let code = options.code(keyValueHeads: keyValueHeads)
    let rows = dOutput.rows
    let width = dOutput.columns / options.heads
    check(dOutput, columns: options.heads * width, "gradient of the output")
    check(output, columns: options.heads * width, rows: rows, "output")
    precondition(
      output.stride == dOutput.stride,
      "an output and its gradient of strides \(output.stride) and \(dOutput.stride)")
    let columns = (options.heads + 2 * keyValueHeads) * width
    check(queryKeyValue, columns: columns, rows: rows, "queries, keys and values")
    check(dQueryKeyValue, columns: columns, rows: rows, "gradient of queries, keys and values")
    check(lse: lse, rows: rows, options)
    spans.check(rows: rows)
    var end = 0
    for span in spans {
      precondition(
        span.position == 0 || span.position == end,
        "a sequence from position \(span.position) on, behind one of \(end)")
      if span.position == 0 { end = span.rows }
    }
    withUnsafePointer(to: code) { code in
      spans.withKernelSpans { spans, count in
        tk_attention_backward(
          dQueryKeyValue.base, Int64(dQueryKeyValue.stride), queryKeyValue.base,
          Int64(queryKeyValue.stride), output.base, dOutput.base, Int64(output.stride), lse.base,
          Int64(keyValueHeads), Int64(width), spans, count, code)
      }
    }
  }

  private static func check(_ x: Matrix, columns: Int, rows: Int? = nil, _ name: String) {
    precondition(
      x.columns == columns && x.rows == rows ?? x.rows,
      "\(name) of [\(x.rows), \(x.columns)], not [\(rows ?? x.rows), \(columns)]")
  }

  private static func check(lse: Matrix, rows: Int, _ options: AttentionOptions) {
    precondition(
      lse.rows == rows && lse.columns == options.heads && lse.stride == lse.columns,
      "log-sum-exps [\(lse.rows), \(lse.columns)] for \(rows) rows of \(options.heads) heads")
  }
}
