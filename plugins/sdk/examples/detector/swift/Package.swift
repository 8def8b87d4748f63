// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "loss-jump",
  products: [.library(name: "loss-jump", type: .dynamic, targets: ["LossJump"])],
  dependencies: [.package(name: "temper-sdk", path: "../../..")],
  targets: [
    .target(
      name: "LossJump", dependencies: [.product(name: "TemperPlugin", package: "temper-sdk")]),
    .testTarget(
      name: "LossJumpTests",
      dependencies: ["LossJump", .product(name: "TemperPlugin", package: "temper-sdk")]),
  ],
  swiftLanguageModes: [.v6])
