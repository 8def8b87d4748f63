// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "entropy-floor",
  products: [.library(name: "entropy-floor", type: .dynamic, targets: ["EntropyFloor"])],
  dependencies: [.package(name: "temper-sdk", path: "../../..")],
  targets: [
    .target(
      name: "EntropyFloor", dependencies: [.product(name: "TemperPlugin", package: "temper-sdk")]),
    .testTarget(
      name: "EntropyFloorTests",
      dependencies: ["EntropyFloor", .product(name: "TemperPlugin", package: "temper-sdk")]),
  ],
  swiftLanguageModes: [.v6])
