import Expressions
import MathAnswers
import TemperPlugin

/// Judges an arithmetic expression that has to use given numbers and come to a target.
struct Countdown: Verifier {
  struct Configuration: RewardConfiguration {
    /// Where the expression is looked for.
    var extract = Extraction.strict
    /// How often each number may be used.
    var use = NumberUse.all
    /// Every intermediate result has to be a whole number, not below zero.
    var integerSteps = false
    /// Keys of the row.
    var numbers = "numbers"
    var target = "target"
    var right: Float = 1
    var wrong: Float = 0
    var unparsable: Float?
  }

  static let id = "temper.countdown"
  static let version = "1.0.0"
  static let summary = "Judges an expression that uses given numbers to reach a target, exactly."

  let configuration: Configuration
  let host: Host

  init(_ configuration: Configuration, host: Host) throws {
    (self.configuration, self.host) = (configuration, host)
  }

  func judge(_ sample: Sample) throws -> Judgement {
    let task = try CountdownTask(
      sample, numbers: configuration.numbers, target: configuration.target)
    guard let answer = configuration.extract.answer(in: sample.completion) else {
      host.record("well_formed", 0)
      return .unparsable("no answer in <answer> tags or a box")
    }
    let expression: Expression
    do throws(ExpressionError) {
      expression = try Expression(try normalized(answer), target: task.target)
    } catch {
      host.record("well_formed", 0)
      return .unparsable(error.reason, answer: answer)
    }
    host.record("well_formed", 1)
    if let fault = configuration.use.fault(in: expression.literals, numbers: task.numbers) {
      return .wrong(fault, answer: answer)
    }
    do throws(ExpressionError) {
      let value = try expression.value(integerSteps: configuration.integerSteps)
      return value == ExactNumber(task.target)
        ? .right(answer: answer) : .wrong("it does not come to \(task.target)", answer: answer)
    } catch {
      return .wrong(error.reason, answer: answer)
    }
  }
}

extension NumberUse: PluginChoice {}

/// The numbers and the target of a row.
struct CountdownTask {
  let numbers: [String]
  let target: Int

  /// - Throws: where the row lacks them or they are not whole.
  init(_ sample: Sample, numbers: String, target: String) throws {
    guard let row = try? sample.row(as: [String: Field].self) else {
      throw PluginError.invalidInput("the task row is not a JSON object")
    }
    guard case .several(let given)? = row[numbers], !given.isEmpty, given.allSatisfy({ $0 >= 0 })
    else {
      throw PluginError.invalidInput("the row's '\(numbers)' is not a list of whole numbers")
    }
    guard case .one(let goal)? = row[target] else {
      throw PluginError.invalidInput("the row's '\(target)' is not a whole number")
    }
    self.numbers = given.map(String.init)
    self.target = goal
  }

  private enum Field: Decodable {
    case one(Int), several([Int]), other

    init(from decoder: any Decoder) throws {
      let value = try decoder.singleValueContainer()
      if let one = try? value.decode(Int.self) {
        self = .one(one)
      } else if let text = try? value.decode(String.self), let one = Int(text) {
        self = .one(one)
      } else if let several = try? value.decode([Int].self) {
        self = .several(several)
      } else {
        self = .other
      }
    }
  }
}

@c(temper_plugin_entry)
public func entry(major: UInt32, minor: UInt32) -> UnsafeRawPointer? { export(Countdown.self) }
