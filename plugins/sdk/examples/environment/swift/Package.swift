// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "higher-lower",
  products: [.library(name: "higher-lower", type: .dynamic, targets: ["HigherLower"])],
  dependencies: [.package(name: "temper-sdk", path: "../../..")],
  targets: [
    .target(
      name: "HigherLower", dependencies: [.product(name: "TemperPlugin", package: "temper-sdk")]),
    .testTarget(
      name: "HigherLowerTests",
      dependencies: ["HigherLower", .product(name: "TemperPlugin", package: "temper-sdk")]),
  ],
  swiftLanguageModes: [.v6])
