// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "two-phrasings",
  products: [.library(name: "two-phrasings", type: .dynamic, targets: ["TwoPhrasings"])],
  dependencies: [.package(name: "temper-sdk", path: "../../..")],
  targets: [
    .target(
      name: "TwoPhrasings", dependencies: [.product(name: "TemperPlugin", package: "temper-sdk")]),
    .testTarget(
      name: "TwoPhrasingsTests",
      dependencies: ["TwoPhrasings", .product(name: "TemperPlugin", package: "temper-sdk")]),
  ],
  swiftLanguageModes: [.v6])
