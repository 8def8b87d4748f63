// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "two-wordings",
  products: [.library(name: "two-wordings", type: .dynamic, targets: ["TwoWordings"])],
  dependencies: [.package(name: "temper-sdk", path: "../../..")],
  targets: [
    .target(
      name: "TwoWordings", dependencies: [.product(name: "TemperPlugin", package: "temper-sdk")]),
    .testTarget(
      name: "TwoWordingsTests",
      dependencies: ["TwoWordings", .product(name: "TemperPlugin", package: "temper-sdk")]),
  ],
  swiftLanguageModes: [.v6])
