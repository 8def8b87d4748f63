// swift-tools-version: 6.2
import PackageDescription

// What a plugin depends on: the C header and its Swift face, the same files that temper itself is
// built from, without the packages that temper needs. `make install` puts it under share/temper.
let package = Package(
  name: "temper-sdk",
  products: [.library(name: "TemperPlugin", targets: ["TemperPlugin"])],
  targets: [
    .target(name: "CPluginABI"),
    .target(name: "TemperPlugin", dependencies: ["CPluginABI"]),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .c11)
