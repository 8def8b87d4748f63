import MathAnswers
import Testing

struct RelationTests {
  @Test(arguments: [
    ("5", "x=5"), ("x=5", "5"), ("f(x)=x+1", "x+1"), ("AB=5", "5"), ("|AB|=1", "1"),
    (#"\frac35"#, #"\sin A=\frac{3}{5}"#), ("x = 1/3", #"x = 1/3 \approx 0.33"#), ("5", "2+3=5"),
  ])
  func anAssignmentIsItsValue(gold: String, prediction: String) {
    #expect(areEqual(gold, prediction))
  }

  @Test(arguments: [
    ("2x+z=1", "1"), ("5", "x+y=5"), ("5", "2x=10"), ("5", "0=5"), ("x=5", "y=5"),
    ("f(x)=x+1", "g(x)=x+1"),
  ])
  func anEquationIsNotItsRightSide(gold: String, prediction: String) {
    #expect(!areEqual(gold, prediction))
  }

  @Test(arguments: [
    ("2x+4y=6", "x+2y=3"), (#"y=\frac12 x+1"#, "x-2y+2=0"),
  ])
  func equationsAreEqualUpToAFactor(gold: String, prediction: String) {
    #expect(areEqual(gold, prediction))
  }

  @Test(arguments: [
    ("2x+4y=6", "x+2y=4"), ("3x-y+13=0", "3x+4y+14=0"),
  ])
  func otherEquationsDiffer(gold: String, prediction: String) {
    #expect(!areEqual(gold, prediction))
  }

  @Test(arguments: [
    ("x=1,y=2", "(1,2)"), ("x=1,y=2", "y=2,x=1"), ("(1,2)", "(x,y)=(1,2)"),
    ("p=5,q=2;p=7,q=2", "(5,2),(7,2)"), ("x_1=2,x_2=3", "3,2"),
  ])
  func systemsAreTuplesInOrder(gold: String, prediction: String) {
    #expect(areEqual(gold, prediction))
  }

  @Test(arguments: [
    ("x<5", "5>x"), ("-x<3", "x>-3"), ("2<x<5", "5>x>2"), (#"x\ne 3"#, #"3 \neq x"#),
    (#"x \in [2,3]"#, #"2\le x\le 3"#), ("2x>10", "x>5"),
  ])
  func inequalitiesAreTurnedAndScaled(gold: String, prediction: String) {
    #expect(areEqual(gold, prediction))
  }

  @Test(arguments: [
    ("x<5", #"x\le5"#), ("x<1", "x>-1"), ("x=1,y=2", "(2,1)"),
  ])
  func strictnessAndDirectionCount(gold: String, prediction: String) {
    #expect(!areEqual(gold, prediction))
  }
}
