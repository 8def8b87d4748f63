import Foundation
import JSON
import Kernels

extension BenchTable {
  /// The products that the models are made of, alone.
  static func products(_ products: [ProductMeasurement]) -> String {
    aligned(
      [
        "product", "weights", "rows", "inputs", "outputs", "Gop/s", "of ceiling",
        "times OpenBLAS float32",
      ],
      products.map { product in
        [
          product.operation.rawValue, product.type.rawValue, "\(product.rows)", "\(product.inputs)",
          "\(product.outputs)", String(format: "%.0f", product.operationsPerSecond / 1e9),
          String(format: "%.0f%%", 100 * product.share),
          String(format: "%.2f", product.peerSeconds / product.seconds),
        ]
      })
  }
}

extension ProductMeasurement {
  var json: JSONLiteral {
    [
      "product": .string(operation.rawValue), "dtype": .string(type.rawValue), "rows": .int(rows),
      "inputs": .int(inputs), "outputs": .int(outputs), "seconds": .double(seconds),
      "openblas_seconds": .double(peerSeconds), "ceiling_seconds": .double(ceilingSeconds),
    ]
  }
}
