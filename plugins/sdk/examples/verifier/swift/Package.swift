// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "short-answer",
  products: [.library(name: "short-answer", type: .dynamic, targets: ["ShortAnswer"])],
  dependencies: [.package(name: "temper-sdk", path: "../../..")],
  targets: [
    .target(
      name: "ShortAnswer", dependencies: [.product(name: "TemperPlugin", package: "temper-sdk")]),
    .testTarget(
      name: "ShortAnswerTests",
      dependencies: ["ShortAnswer", .product(name: "TemperPlugin", package: "temper-sdk")]),
  ],
  swiftLanguageModes: [.v6])
