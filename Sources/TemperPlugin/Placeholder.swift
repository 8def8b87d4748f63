// TemperPlugin
