/// When a condition that holds now and then is worth a word: the setting `alarm` of a detector.
public struct AlarmSettings: Codable, Sendable, Equatable {
  /// It sounds where the condition held at this many
  public var bad = 3
  /// of this many last looks,
  public var looks = 5
  /// is over after this many looks without it,
  public var clean = 5
  /// and does not sound again within this many steps.
  public var cooldown = 10

  public init(bad: Int = 3, looks: Int = 5, clean: Int = 5, cooldown: Int = 10) {
    (self.bad, self.looks, self.clean, self.cooldown) = (bad, looks, clean, cooldown)
  }

  /// Refuses what cannot be used, as
  /// ``PluginConfiguration/require(_:_:above:atLeast:atMost:below:)``.
  public func validate(_ configuration: some PluginConfiguration) throws {
    try configuration.require("alarm.looks", Double(looks), atLeast: 1)
    try configuration.require("alarm.bad", Double(bad), atLeast: 1, atMost: Double(looks))
    try configuration.require("alarm.clean", Double(clean), atLeast: 1)
    try configuration.require("alarm.cooldown", Double(cooldown), atLeast: 0)
  }
}

/// One condition over time: part of a detector's state.
public struct Alarm: Codable, Sendable, Equatable {
  /// Whether the condition is held to be true.
  public private(set) var isOn = false
  private var recent: [Bool] = []
  private var clean = 0
  private var lastSound: Int?

  public init() {}

  /// Looks once.
  ///
  /// - Parameter isCatastrophe: sounds at once, whatever was before.
  /// - Returns: whether it sounds.
  public mutating func look(
    _ isBad: Bool, step: Int, isCatastrophe: Bool = false,
    _ settings: AlarmSettings = AlarmSettings()
  ) -> Bool {
    let isBad = isBad || isCatastrophe
    recent.append(isBad)
    if recent.count > settings.looks { recent.removeFirst(recent.count - settings.looks) }
    clean = isBad ? 0 : clean + 1
    if isCatastrophe || recent.count(where: \.self) >= settings.bad { isOn = true }
    if clean >= settings.clean { isOn = false }
    guard isBad, isOn else { return false }
    let isQuiet = lastSound.map { step - $0 >= settings.cooldown || step < $0 } ?? true
    guard isCatastrophe || isQuiet else { return false }
    lastSound = step
    return true
  }
}

/// The conditions of a detector by name: part of its state.
public struct Alarms: Codable, Sendable, Equatable {
  private var alarms: [String: Alarm] = [:]

  public init() {}

  /// Looks at the condition `name` once; see ``Alarm/look(_:step:isCatastrophe:_:)``.
  public mutating func look(
    _ name: String, _ isBad: Bool, step: Int, isCatastrophe: Bool = false,
    _ settings: AlarmSettings = AlarmSettings()
  ) -> Bool {
    alarms[name, default: Alarm()].look(
      isBad, step: step, isCatastrophe: isCatastrophe, settings)
  }

  /// Whether the condition `name` is held to be true.
  public func isOn(_ name: String) -> Bool { alarms[name]?.isOn ?? false }
}
